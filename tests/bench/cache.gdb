# SPDX-License-Identifier: GPL-3.0-or-later
# Typical commands after a stop; cache.sh connects and measures the time.
bt
info registers rip rsp
info locals
x/64xb $sp
x/16xg $sp
print *head
print head->key
x/32xb scratch
x/6i $pc
up 2
info locals
up 3
info args
info locals
down
frame 0
info threads
thread 2
bt
info locals
x/8xg $sp
thread 3
bt
thread 1
thread apply all bt
print counter
print rounds
print scratch[64]@16
x/s $sp
info frame
bt full 4
info threads
