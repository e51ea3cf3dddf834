"""The networks by name; a test holds this table and the decorators together."""

from dltui.registry import Entry

NAMES = {
    "mlp": Entry(
        "dltui.models.mlp", "Multi-layer perceptron: fully connected layers of one width.", "perceptrons"
    ),
    "lenet": Entry(
        "dltui.models.lenet", "LeNet-5: two convolutions, three fully connected layers.", "convolutional"
    ),
    "cnn": Entry(
        "dltui.models.cnn",
        "A plain CNN: convolution, ReLU and pooling, twice or more.",
        "convolutional",
    ),
    "resnet8": Entry(
        "dltui.models.resnet", "ResNet-8: three residual blocks, for small pictures.", "convolutional"
    ),
    "resnet20": Entry(
        "dltui.models.resnet", "ResNet-20: nine residual blocks, for small pictures.", "convolutional"
    ),
    "resnet20-noskip": Entry(
        "dltui.models.resnet",
        "ResNet-20 without its skip connections: the same weights, no addition.",
        "convolutional",
    ),
    "mobilenet-v2": Entry(
        "dltui.models.mobilenet",
        "MobileNetV2: narrow residuals with wide, separable insides.",
        "convolutional",
    ),
    "efficientnet-lite0": Entry(
        "dltui.models.efficientnet",
        "EfficientNet-Lite0: inverted residuals with kernels of 3 and 5.",
        "convolutional",
    ),
    "pnet": Entry("dltui.models.mtcnn", "P-Net of MTCNN: 12 × 12 pixels, is it a face?", "faces"),
    "rnet": Entry("dltui.models.mtcnn", "R-Net of MTCNN: 24 × 24 pixels, is it a face?", "faces"),
    "onet": Entry(
        "dltui.models.mtcnn",
        "O-Net of MTCNN: 48 × 48 pixels, is it a face, and where are eyes, nose and mouth?",
        "faces",
    ),
    "crepe": Entry("dltui.models.crepe", "CREPE: which of 360 pitches sounds in 64 ms of sound?", "sound"),
    "silero": Entry("dltui.models.silero", "Silero VAD: is someone speaking in these 32 ms?", "sound"),
    "makemore": Entry(
        "dltui.models.makemore",
        "The next letter from the few before (Bengio et al. 2003).",
        "language",
        "names",
    ),
    "lstm": Entry(
        "dltui.models.lstm",
        "LSTM: a recurrent network that foretells each next token.",
        "language",
        "hamlet",
    ),
    "gpt": Entry(
        "dltui.models.gpt",
        "GPT: a causal transformer that foretells each next token.",
        "language",
        "hamlet",
    ),
    "llama": Entry(
        "dltui.models.llama",
        "Llama: a causal transformer with rotated queries, shared keys and gated perceptrons.",
        "language",
        "hamlet",
    ),
    "vit": Entry("dltui.models.vit", "ViT: a transformer that reads a picture patch by patch.", "attention"),
    "pointnet": Entry(
        "dltui.models.pointnet",
        "PointNet: each point on its own, the maximum over all, a perceptron.",
        "points",
        "shapes3d",
    ),
    "pointnet2": Entry(
        "dltui.models.pointnet2",
        "PointNet++: PointNets over balls around points that lie far apart, twice, then over what they found.",
        "points",
        "shapes3d",
    ),
    "dgcnn": Entry(
        "dltui.models.dgcnn",
        "DGCNN: each point sees its nearest ones, in space at first and then in what was learnt, layer by layer.",
        "points",
        "shapes3d",
    ),
    "voxnet": Entry(
        "dltui.models.voxnet",
        "VoxNet: a cloud as cells that are full or empty, and convolutions over them in space.",
        "points",
        "shapes3d",
    ),
    "occupancy": Entry(
        "dltui.models.occupancy",
        "Occupancy network: a cloud becomes a code, and the code tells of any place whether it lies inside.",
        "points",
        "shapes3d-inside",
    ),
    "deepsdf": Entry(
        "dltui.models.deepsdf",
        "DeepSDF: no encoder; a code for each shape is learnt, and with a place it gives the distance to the surface.",
        "points",
        "shapes3d-distance",
    ),
    "atlasnet": Entry(
        "dltui.models.atlasnet",
        "AtlasNet: a cloud becomes a code, and perceptrons lay square sheets into space as it says.",
        "points",
        "shapes3d-copy",
    ),
    "mvcnn": Entry(
        "dltui.models.mvcnn",
        "MVCNN: one CNN for every picture of a shape, the maximum over the pictures, a perceptron.",
        "points",
        "shapes3d-views",
    ),
}
