/* SPDX-License-Identifier: GPL-3.0-or-later */
	.text
	.balign	4
	.thumb
	.globl	thumb
	.thumb_func
	.type	thumb, %function
thumb:	bx	lr
	.size	thumb, 2
	.arm
