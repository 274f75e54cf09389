# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for netgdb. Options come from each command's --help, so that they are never out of
# date.

# The program, and its command; the word at the cursor is not among them.
function __netgdb_words
    commandline --tokenize --cut-at-cursor --current-process
end

function __netgdb_count
    test (count (__netgdb_words)) -eq $argv[1]
end

function __netgdb_command
    set -l words (__netgdb_words)
    test (count $words) -ge 2; and contains -- $words[2] $argv
end

function __netgdb_commands
    netgdb --help 2>/dev/null | string replace --filter --regex '^  ([a-z]+) +(.*)' '$1\t$2'
    printf '%s\n' --help --version
end

function __netgdb_options
    set -l words (__netgdb_words)
    netgdb $words[2] --help 2>/dev/null |
        string match --regex --groups-only '^  (?:(-[A-Za-z])(?:, )?)?(--[a-z-]+)?' |
        string match --regex '^-.*'
end

# What may follow a command that has commands of its own.
function __netgdb_subcommands
    set -l command (__netgdb_words)[2]
    netgdb $command --help 2>/dev/null |
        string replace --filter --regex "^(?:Usage:|      ) netgdb $command ([a-z]+)( .*)?\$" '$1'
    test $command != kernel; or printf '%s\n' panic dmesg ps threads modules cpus
end

function __netgdb_values
    set -l previous (__netgdb_words)[-1]
    switch $previous
        case --log
            printf '%s\n' error warn info debug packet
        case --generation
            printf '%s\n' old new
        case --leave
            echo parked
        case --arch
            printf '%s\n' aarch64 bpf sbpf
        case --rtos
            netgdb rtos list 2>/dev/null | string match --regex '^[A-Za-z]+$'
        case '*'
            return 1
    end
end

complete -c netgdb -n '__netgdb_count 1' -f -a '(__netgdb_commands)'
complete -c netgdb -n 'not __netgdb_count 1; and string match -q -- "-*" (commandline -ct)' \
    -f -a '(__netgdb_options)'
complete -c netgdb -n '__netgdb_count 2; and __netgdb_command bpf rtos kernel' \
    -f -a '(__netgdb_subcommands)'
complete -c netgdb -n '__netgdb_values >/dev/null' -f -a '(__netgdb_values)'
complete -c netgdb -n '__netgdb_command kernel proxy node' -a 'any (__fish_print_hostnames)'
complete -c netgdb -n '__netgdb_command run' -a '(__fish_complete_command)'
