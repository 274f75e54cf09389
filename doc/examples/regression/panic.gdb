# Checks the panic that the test causes; for netgdb autopsy --script, which has connected already.
if panicstr == 0
  echo no panic\n
  quit 10
end
if !$_streq(panicstr, "page fault")
  printf "the panic is: %s\n", panicstr
  quit 11
end
# Fails if the panicked thread did not come from there.
frame function syscall_enter
info frame
