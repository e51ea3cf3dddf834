"""The models with weights of others by name; reading it imports no torch."""

# name -> "module:function"; the function takes no arguments, and its error says how to fetch weights that aren't there
PRETRAINED: dict[str, str] = {
    "mobilenet-v2": "dltui.checkpoints.known:mobilenet_v2",
    "efficientnet-lite0": "dltui.checkpoints.known:efficientnet_lite0",
    "pnet": "dltui.checkpoints.known:pnet",
    "rnet": "dltui.checkpoints.known:rnet",
    "onet": "dltui.checkpoints.known:onet",
    "mtcnn": "dltui.checkpoints.known:onet",
    "crepe": "dltui.checkpoints.known:crepe_tiny",
    "crepe-tiny": "dltui.checkpoints.known:crepe_tiny",
    "crepe-full": "dltui.checkpoints.known:crepe_full",
    "silero": "dltui.checkpoints.known:silero",
    "minilm": "dltui.checkpoints.known_text:minilm",
    "smollm2": "dltui.checkpoints.known_text:smollm2",
}
