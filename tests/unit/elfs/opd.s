/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A function with its descriptor, as the 64-bit PowerPC ELF ABI 1.9 has it. */
	.section ".opd", "aw"
	.balign	8
	.globl	described
described:
	.quad	.Lcode, .TOC.@tocbase, 0
	.type	described, %function
	.size	described, .Lend - .Lcode
	.text
	.balign	16
.Lcode:	blr
.Lend:
