# Checks the result of a function with a breakpoint.
source connect.gdb
break factorial if n == 1
continue
up 5
if n != 6
  printf "the outermost call is for %d, not 6\n", n
  quit 10
end
finish
if $ != 720
  printf "factorial(6) is %d, not 720\n", $
  quit 10
end
detach
