/* SPDX-License-Identifier: GPL-3.0-or-later */
	.text
	.balign	4
	.set	micromips
	.globl	micro
	.ent	micro
	.type	micro, %function
micro:	jr	$31
	.end	micro
	.size	micro, . - micro
	.set	nomicromips
