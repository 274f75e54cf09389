/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The symbols that the tests ask for, in a form that every machine's assembler takes. */
	.text
	.globl	_start
	.type	_start, %function
_start:	.4byte	0, 0
	.size	_start, 8
	/* Local in this file, global in more.s. */
	.type	both, %function
both:	.4byte	0
	.size	both, 4
	/* Local in this file and in more.s. */
	.type	twin, %function
twin:	.4byte	0
	.size	twin, 4
	.type	renamed.lto_priv.3, %function
renamed.lto_priv.3:
	.4byte	0
	.size	renamed.lto_priv.3, 4
	.globl	outer
	.type	outer, %function
outer:	.4byte	0
inner:	.4byte	0, 0
	.size	outer, 12
	.type	only_in_first, %function
only_in_first:
	.4byte	0
	.size	only_in_first, 4
	/* What has no size reaches up to the next. */
	.globl	unsized
unsized:
	.4byte	0, 0, 0
	.globl	weak
	.weak	weak
	.type	weak, %function
weak:	.4byte	0
	.size	weak, 4

	.data
	.globl	version
	.type	version, %object
version:
	.asciz	"FreeBSD 15.0-TEST #0: GENERIC\n"
	.size	version, . - version
	.balign	16
	.globl	table
	.type	table, %object
table:	.4byte	1, 2, 3
	.size	table, 12
	.globl	absolute
	absolute = 0x1234

	.section .tdata, "awT", %progbits
	.4byte	0
	.globl	per_thread
	.type	per_thread, %tls_object
per_thread:
	.4byte	0
	.size	per_thread, 4
