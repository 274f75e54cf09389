# SPDX-License-Identifier: GPL-3.0-or-later
# wireshark/: the dissector. configure --with-wireshark-plugins sets its directory.
dist_wireshark_DATA = wireshark/debugnet.lua
