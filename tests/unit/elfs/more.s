/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The second source file of each test program. */
	.text
	.type	twin, %function
twin:	.4byte	0
	.size	twin, 4
	.globl	both
	.type	both, %function
both:	.4byte	0
	.size	both, 4
