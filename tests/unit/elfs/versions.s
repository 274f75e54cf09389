/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A library of two versions (versions.map): moved is in both, lost in the old one only. */
	.text
	.globl	moved_1, moved_2, lost_1, plain
	.type	moved_1, %function
moved_1: .4byte	0
	.size	moved_1, 4
	.type	moved_2, %function
moved_2: .4byte	0
	.size	moved_2, 4
	.type	lost_1, %function
lost_1:	.4byte	0
	.size	lost_1, 4
	.type	plain, %function
plain:	.4byte	0
	.size	plain, 4
	.symver	moved_1, moved@V1
	.symver	moved_2, moved@@V2
	.symver	lost_1, lost@V1
