"""One attempt to hand a letter to the world, over real sockets; knows nothing of the queue."""

from relayd.courier.attempt import Courier
from relayd.courier.reply import Hop, Letter, Login, NoAddress, Reply, Security
from relayd.courier.session import Times

__all__ = ["Courier", "Hop", "Letter", "Login", "NoAddress", "Reply", "Security", "Times"]
