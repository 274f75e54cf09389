/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's name; see kernel.h. */
#include "tests/kernel/kernel.h"

struct prison prison0 = {.pr_hostname = "crash1.example"};
