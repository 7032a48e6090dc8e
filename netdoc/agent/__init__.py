# SPDX-License-Identifier: GPL-2.0-or-later
"""The measurements: a program of its own, started by path, fed JSON lines. Nothing of netdoc imports it.

It imports the standard library and dnspython alone, and itself relatively: so it runs wherever Python does.
"""
