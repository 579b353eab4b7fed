"""What a viewer may say over the socket, and what they are answered.

`conversation` is one socket's incoming side; each topic is a module whose HANDLERS map a message's
`t` to the coroutine that answers it; `topics` is the table of all of them.
"""

from rooms.messages.conversation import Conversation

__all__ = ["Conversation"]
