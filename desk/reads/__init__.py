"""What a page, list or check shows. Takes the viewer first, returns plain records, changes nothing."""
