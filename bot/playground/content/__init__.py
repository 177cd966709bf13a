"""What a message may hold: text, blocks, metadata, and the chunks of a stream."""
