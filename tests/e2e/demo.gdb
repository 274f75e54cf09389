# The commands of ./bootstrap demo.
set pagination off
set confirm off
set width 0
set style enabled off
set filename-display basename
set trace-commands on
set sysroot target:
target remote netgdb:127.0.0.1:@port@
break demo.c:20 if place == 5
continue
backtrace
print tree[place]
up
info locals
print visited
down
finish
step
tbreak demo.c:26
continue
print all
set var visited = 0
detach
