# Sourced by the scripts: connects to the kernel of $host.
set pagination off
set confirm off
eval "target remote netgdb:%s", $host
