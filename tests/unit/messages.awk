# SPDX-License-Identifier: GPL-3.0-or-later
# Prints the messages in C files: the first string of each call that reports an error or a warning,
# with "…" in place of conversions. Reads whole files (RS is a byte that none has).
BEGIN {
    RS = "\001"
    call = "(log_error|log_warn|complain|complain_usage|options_set_error|explain)\\("
}

# literal(TEXT): the strings at the beginning of a call's arguments, up to the end of their argument.
function literal(text,    out, inside, depth, i, c) {
    depth = 0
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (inside && c == "\\") {
            out = out substr(text, i, 2)
            i++
        } else if (c == "\"") {
            inside = !inside
            seen = 1
        } else if (inside) {
            out = out c
        } else if (c == "(") {
            depth++
        } else if (c == ")" && depth-- == 0) {
            return out
        } else if (c == "," && depth == 0 && seen) {
            return out
        } else if (c ~ /[A-Z]/ && seen && match(substr(text, i), /^[A-Z_0-9]+/)) {
            out = out (out ~ /%[-#0-9.]*$/ ? "s" : "%s") # a macro: PRIx64, or text
            i += RLENGTH - 1
        }
    }
    return out
}

{
    rest = $0
    while (match(rest, call)) {
        before = substr(rest, RSTART - 1, 1)
        name = substr(rest, RSTART, RLENGTH - 1)
        rest = substr(rest, RSTART + RLENGTH)
        seen = 0
        if (before ~ /[a-z_]/ || rest ~ /^const /)
            continue
        # complain_usage's first argument is the command
        arguments = rest
        if (name == "complain_usage")
            sub(/^[^,]*,/, "", arguments)
        text = literal(arguments)
        gsub(/\\"/, "\"", text)
        gsub(/%[-#0-9.*]*(l|ll|z)?[a-zA-Z]/, "…", text)
        gsub(/…(…)+/, "…", text)
        if (text !~ /^[…: ]*$/)
            print text
    }
}
