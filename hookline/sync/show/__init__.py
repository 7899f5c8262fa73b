"""Plans and problems for people, for programs (JSON) and for reviews (Markdown, GitHub
annotations).
"""
