/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two CPUs with ids 0 and 2; see kernel.h. */
#include "tests/kernel/kernel.h"

static struct pcpu cpu0 = {.pc_cpuid = 0, .pc_curthread = &panicked, .pc_idlethread = &idle0};
static struct pcpu cpu2 = {.pc_cpuid = 2, .pc_curthread = &idle1, .pc_idlethread = &idle1};

struct pcpu *cpuid_to_pcpu[64] = {[0] = &cpu0, [2] = &cpu2};
int mp_ncpus = 2;
u_int mp_maxid = 2;
