"""Webhooks duplicated, shuffled, delayed and forged, while servers die: does every state end right?"""
