# Checks variables in the kernel's memory. Here: the program of the tests.
source connect.gdb
tbreak count
continue
if origin.x != 3 || origin.y != 4
  printf "origin is (%d, %d), not (3, 4)\n", origin.x, origin.y
  quit 10
end
if counter != 0
  printf "counter is %d before anything was counted\n", counter
  quit 10
end
detach
