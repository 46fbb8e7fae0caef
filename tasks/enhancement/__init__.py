"""Product photographs made ready to publish: faults measured and put right, cropped around what they show, styled."""
