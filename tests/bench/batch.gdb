# SPDX-License-Identifier: GPL-3.0-or-later
# A typical interactive session of about 750 requests; bench.sh connects and measures the time.
break main
continue
info threads
break push
continue
bt
info registers
info locals
finish
delete 2
break sum if n->key == 4
continue
bt
bt full
info frame
up 3
info locals
print *n
print *n->next
x/16xb n
x/8xw $sp
x/4i $pc
down
info registers rip
thread apply all bt
info threads
thread 2
bt
thread 1
delete 3
tbreak iterate
continue
next
next
step
info args
next
next
finish
stepi
stepi
nexti
x/3i $pc
display total
next
next
watch watched
continue
continue
info watchpoints
delete
set var total = 5
print total
print items[3]
info threads
