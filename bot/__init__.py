"""Linefeed: a Slack bot that answers with a language model, line by line.

The path of a message; no step hands work back to an earlier one:

    slack/events         an event becomes a turn, stored before Slack gets its ack
    conversation/inbox   turns of one thread wait for each other, threads do not
    conversation/reply   recall, ask the model, deliver, remember: read this first
    chunking/            the model's fragments become whole lines
    slack/delivery       each line is posted once, within Slack's limits
"""
