"""The smallest analyzer: hears complaints."""

from guanxi_plugin import Reading, Text, analyzer


@analyzer
def complaints(config: None, text: Text) -> Reading:
    complains = any(word in text.body for word in ("refund", "broken", "退款", "投诉"))
    return Reading(mood=-0.5).tag("intent", "complaint", 0.8) if complains else Reading()
