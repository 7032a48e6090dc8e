"""Draws what a run established, as text for the screen. Pure: reports and sessions in, content out.

Whatever a cluster says is inert text before it comes here (netdoc.report.inert), and never parsed as markup.
"""
