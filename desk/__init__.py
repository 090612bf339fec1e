"""The tourism small-claims desk (旅游纠纷小额速裁台). Holds nothing itself; the rooms are its folders (README, room map)."""
