/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An indirect function: what its symbol names is the function that chooses. */
	.text
	.globl	chosen
	.type	chosen, %gnu_indirect_function
chosen:	.4byte	0
	.size	chosen, 4
