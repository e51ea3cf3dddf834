"""Every exhibit with its module and one line of help; written by ``python -m dltui.lab.table``."""

from dltui.registry import Entry

FAMILIES = {
    "byhand": "Layers, losses, metrics and back-propagation worked line by line, each checked against torch.",
    "geometry": "The shape of the loss around a network's weights: slopes, curvature, points without a gradient.",
    "optimisers": "How a gradient becomes a step: batches and noise, momentum, adaptive rates, schedules, curvature.",
    "scene3d": "Shapes and scenes: clouds, meshes, implicit surfaces, voxels, nets on them, radiance fields, splats.",
    "shapes": "Calculators that answer at once: output shapes, parameters, products, bytes, receptive fields.",
}

NAMES = {
    "neuron": Entry(
        "dltui.lab.byhand.neuron",
        "One neuron at work: its sum, its curve over x₁, its line in the plane, and a detector of features.",
        "byhand",
    ),
    "linear-layer": Entry(
        "dltui.lab.byhand.linear",
        "A linear layer as on paper: every output is a row of x times a row of the weights, plus a bias.",
        "byhand",
    ),
    "mlp-forward": Entry(
        "dltui.lab.byhand.forward",
        "An input walks through a small network: sums, activations, output, in sums and in matrices.",
        "byhand",
    ),
    "linear-collapse": Entry(
        "dltui.lab.byhand.linear",
        "Linear layers in a row and the single matrix that does the same: W′ = W₂·W₁, b′ = W₂·b₁ + b₂.",
        "byhand",
    ),
    "activations": Entry(
        "dltui.lab.byhand.activations",
        "Three activations with their slopes, worked out at one x; a table of twenty at that x.",
        "byhand",
    ),
    "dying-relu": Entry(
        "dltui.lab.byhand.dying",
        "A small net learns a curve; how many units of each layer are dead, what brings them back.",
        "byhand",
    ),
    "softmax": Entry(
        "dltui.lab.byhand.softmax",
        "Three logits made shares that add up to 1, worked out; the naive form beside the safe one.",
        "byhand",
    ),
    "output-heads": Entry(
        "dltui.lab.byhand.heads",
        "The output and the loss that belong to a task, and the gradient at the pre-activation.",
        "byhand",
    ),
    "cross-entropy": Entry(
        "dltui.lab.byhand.entropy",
        "Logits become shares, the label one-hot, the loss −ln of one share; a batch, worst first.",
        "byhand",
    ),
    "ce-vs-mse": Entry(
        "dltui.lab.byhand.race",
        "Two neurons with the same wrong answer, one on squared error, one on cross-entropy.",
        "byhand",
    ),
    "binary-cross-entropy": Entry(
        "dltui.lab.byhand.binary",
        "The loss of a yes and a no over probability and logit; labels alone against one of many.",
        "byhand",
    ),
    "regression-losses": Entry(
        "dltui.lab.byhand.regression",
        "Three losses and their slopes; the best constant and line for points with one far off.",
        "byhand",
    ),
    "hinge-loss": Entry(
        "dltui.lab.byhand.hinge",
        "How far wrong scores reach into the margin; hinge and cross-entropy as the right one rises.",
        "byhand",
    ),
    "loss-errors": Entry(
        "dltui.lab.byhand.refusals",
        "A loss called wrongly, now: the words of torch, the cause, the rule, the mended call.",
        "byhand",
    ),
    "backprop-graph": Entry(
        "dltui.lab.byhand.backprop",
        "The graph of an expression: values run forwards, gradients back, a gate a frame.",
        "byhand",
    ),
    "gates": Entry(
        "dltui.lab.byhand.backprop",
        "One gate: the gradient that comes back, its local slopes, and what it hands on to either input.",
        "byhand",
    ),
    "vector-jacobian": Entry(
        "dltui.lab.byhand.jacobians",
        "The Jacobian of a layer drawn whole, beside the product that back-propagation computes without it.",
        "byhand",
    ),
    "gradient-check": Entry(
        "dltui.lab.byhand.gradient_check",
        "The error of finite differences over their step, a V on log-log axes; a layer's gradient checked.",
        "byhand",
    ),
    "training-step": Entry(
        "dltui.lab.byhand.training_step",
        "One batch through a small network: input, forward, loss, backward and update, with all numbers.",
        "byhand",
    ),
    "accuracy-metrics": Entry(
        "dltui.lab.byhand.metrics",
        "A table of scores, and what is read off it: accuracy, top-k, confusion matrix, precision and recall.",
        "byhand",
    ),
    "two-weight-saddle": Entry(
        "dltui.lab.geometry.saddles",
        "Gradient descent on L = (1 − w₁w₂)² stops at the saddle in the middle, though lower ground is near.",
        "geometry",
    ),
    "critical-points": Entry(
        "dltui.lab.geometry.critical",
        "All level points of a surface: gradient 0, eigenvalues of the Hessian, and what they are.",
        "geometry",
    ),
    "taylor-overlay": Entry(
        "dltui.lab.geometry.taylor",
        "A surface with its tangent plane and quadric at a point, and how both go wrong with the distance.",
        "geometry",
    ),
    "curvature-compass": Entry(
        "dltui.lab.geometry.compass",
        "A needle v turns in the space of weights; vᵀHv says how strongly the loss bends along it.",
        "geometry",
    ),
    "saddle-count": Entry(
        "dltui.lab.geometry.random_matrices",
        "The share of random symmetric matrices whose eigenvalues are all positive, against their size.",
        "geometry",
    ),
    "stuck-points": Entry(
        "dltui.lab.geometry.stuck",
        "Descent near a saddle, on a plateau, in a local basin: steps to leave against the start's distance.",
        "geometry",
    ),
    "eigen-hunt": Entry(
        "dltui.lab.geometry.hunt",
        "Power iteration and Lanczos look for eigenvalues of a Hessian that they can only multiply with.",
        "geometry",
    ),
    "hessian-spectrum": Entry(
        "dltui.lab.geometry.spectra",
        "The eigenvalues of the Hessian of a small network: a bulk around 0, and a few that stand out.",
        "geometry",
    ),
    "landscape-slice": Entry(
        "dltui.lab.geometry.slices",
        "The loss over a filter-normalised random plane: a deep network with skips, and its twin without.",
        "geometry",
    ),
    "flat-or-sharp": Entry(
        "dltui.lab.geometry.basins",
        "Noise drives a ball out of a sharp basin, and a network of small batches to a smaller λ₁.",
        "geometry",
    ),
    "ill-conditioned-stall": Entry(
        "dltui.lab.geometry.stall",
        "Loss and gradient norm of a descent in a narrow valley, on one axis of steps.",
        "geometry",
    ),
    "feature-scale-valley": Entry(
        "dltui.lab.geometry.scales",
        "The loss over the weights of area and bedrooms, for raw, centred and standardised features.",
        "geometry",
    ),
    "chain-product": Entry(
        "dltui.lab.geometry.chain",
        "The gradient of the first weight through L neurons in a row, written factor by factor.",
        "geometry",
    ),
    "gradient-thermometer": Entry(
        "dltui.lab.geometry.thermometer",
        "The length of the gradient in every layer of a deep network on digits, live while it is trained.",
        "geometry",
    ),
    "blow-up-watch": Entry(
        "dltui.lab.geometry.blow_up",
        "Three ways to infinity, in half, single and double precision, and a watchdog with its remedies.",
        "geometry",
    ),
    "product-bound": Entry(
        "dltui.lab.geometry.products",
        "A random vector through W₁ and W₂ in turn: its length beside what eigenvalues and norms allow.",
        "geometry",
    ),
    "skip-highway": Entry(
        "dltui.lab.geometry.highways",
        "Two stacks of equal depth, one with a skip around every layer: gradient by layer, and loss.",
        "geometry",
    ),
    "identity-block": Entry(
        "dltui.lab.geometry.copying",
        "A plain and a residual block are taught to copy their input, and the error falls at different speed.",
        "geometry",
    ),
    "degradation": Entry(
        "dltui.lab.geometry.degradation",
        "Training loss of plain stacks of 8, 20 and 56 layers, and of their residual twins.",
        "geometry",
    ),
    "restart-spread": Entry(
        "dltui.lab.geometry.restarts",
        "One small network trained from many starts by four optimisers: where each of them ends.",
        "geometry",
    ),
    "normed-landscape": Entry(
        "dltui.lab.geometry.norms",
        "Loss and largest eigenvalues of a network with batch norm and without, trained by the same steps.",
        "geometry",
    ),
    "edge-of-stability": Entry(
        "dltui.lab.geometry.stability",
        "The largest eigenvalue of the Hessian while a network is trained by full-batch gradient descent.",
        "geometry",
    ),
    "rescaled-twins": Entry(
        "dltui.lab.geometry.twins",
        "Two sets of weights of one ReLU network, the same function: a plane around each, drawn in two ways.",
        "geometry",
    ),
    "hidden-curvature": Entry(
        "dltui.lab.geometry.twins",
        "A slice like a bowl where the Hessian has negative eigenvalues; λ₁ on subsets of the data.",
        "geometry",
    ),
    "mode-connectivity": Entry(
        "dltui.lab.geometry.ways",
        "The loss on the straight way between two trained networks, siblings beside strangers.",
        "geometry",
    ),
    "gd-descent": Entry(
        "dltui.lab.optimisers.descents",
        "A point goes down a surface, each step against the gradient; arrows show −g elsewhere.",
        "optimisers",
    ),
    "lr-stability": Entry(
        "dltui.lab.optimisers.rates",
        "One convex bowl, ½(x² + κy²), and the same descent with rates from far too small to too large.",
        "optimisers",
    ),
    "ravine-zigzag": Entry(
        "dltui.lab.optimisers.ravines",
        "Gradient descent in the ravine ½(x² + κy²): to and fro between its walls, hardly along the floor.",
        "optimisers",
    ),
    "batch-race": Entry(
        "dltui.lab.optimisers.batches",
        "Three descents on the same 288 digits: by all samples, by batches, and by one at a time.",
        "optimisers",
    ),
    "batch-counter": Entry(
        "dltui.lab.optimisers.counting",
        "Epochs, iterations and batches counted, which sample went where, and what a batch costs here.",
        "optimisers",
    ),
    "noise-scale": Entry(
        "dltui.lab.optimisers.noise",
        "The gradients of many random batches at one θ, and how their variance falls with the batch.",
        "optimisers",
    ),
    "noise-escape": Entry(
        "dltui.lab.optimisers.escape",
        "Plain and noisy descent and annealing, from the middle of a saddle and on a curve full of holes.",
        "optimisers",
    ),
    "momentum-ball": Entry(
        "dltui.lab.optimisers.inertia",
        "A ball with inertia beside plain descent, and what moves it at each step: −ηg, λm, and their sum m.",
        "optimisers",
    ),
    "moving-average": Entry(
        "dltui.lab.optimisers.averages",
        "A noisy series of gradients, its running mean, and the weight that every past value has in it.",
        "optimisers",
    ),
    "adaptive-steps": Entry(
        "dltui.lab.optimisers.adaptive",
        "The rate that each parameter really has: η over the size σ of its gradients, by four measures of σ.",
        "optimisers",
    ),
    "adam-trace": Entry(
        "dltui.lab.optimisers.adam_trace",
        "Adam written out, step by step: g, m, v, both corrected, the step, θ; and what correcting is worth.",
        "optimisers",
    ),
    "optimiser-race": Entry(
        "dltui.lab.optimisers.racing",
        "SGD, momentum, AdaGrad, RMSProp and Adam from one start at one rate, with a family tree.",
        "optimisers",
    ),
    "lesser-known": Entry(
        "dltui.lab.optimisers.lesser",
        "Three lanes that are seldom seen, and what AdaDelta, RAdam and FTRL add up on their way.",
        "optimisers",
    ),
    "layerwise-rate": Entry(
        "dltui.lab.optimisers.layerwise",
        "The rate of each layer under LARS, while it and SGD train the same network on large batches.",
        "optimisers",
    ),
    "lr-schedules": Entry(
        "dltui.lab.optimisers.planned_rates",
        "Five schedules of the learning rate, drawn, and the same descent on digits under each.",
        "optimisers",
    ),
    "warm-up": Entry(
        "dltui.lab.optimisers.warm",
        "The learning rate rises, then falls; and a small transformer that starts with it and without.",
        "optimisers",
    ),
    "newton-step": Entry(
        "dltui.lab.optimisers.newton",
        "Newton, saddle-free Newton, L-BFGS and plain descent on one contour, with the signs of the Hessian.",
        "optimisers",
    ),
    "newton-root": Entry(
        "dltui.lab.optimisers.roots",
        "Tangent lines walk to a root: each is followed to where it is zero.",
        "optimisers",
    ),
    "clip-cliff": Entry(
        "dltui.lab.optimisers.clipping",
        "A cliff throws one descent far off; a recurrent network loses itself; clipped, both go on.",
        "optimisers",
    ),
    "repr-compare": Entry(
        "dltui.lab.scene3d.comparing",
        "One shape kept in five ways: their bytes, and how each makes, draws, samples and tells inside.",
        "scene3d",
    ),
    "cloud-scan": Entry(
        "dltui.lab.scene3d.scans",
        "Two depth scans of one object as bare points, their normals, and the second laid upon the first.",
        "scene3d",
    ),
    "mesh-workshop": Entry(
        "dltui.lab.scene3d.meshes",
        "A mesh collapsed to fewer triangles, split into more, smoothed; its counts at every stage.",
        "scene3d",
    ),
    "parametric-patch": Entry(
        "dltui.lab.scene3d.patches",
        "A flat cloth with coordinates u and v, and the surface a formula bends it to; a point lit in both.",
        "scene3d",
    ),
    "bezier-nurbs": Entry(
        "dltui.lab.scene3d.curves",
        "A few control points, the curve that they draw to themselves, and a patch by sixteen of them.",
        "scene3d",
    ),
    "implicit-level-set": Entry(
        "dltui.lab.scene3d.level_set",
        "Where a formula is 0: a surface, cut, meshed and seen by rays, and a probe that is told its side.",
        "scene3d",
    ),
    "sdf-csg": Entry(
        "dltui.lab.scene3d.sdf_csg",
        "Two solids joined, cut or blended: bands of distance, the tree with its values, one ray's steps.",
        "scene3d",
    ),
    "marching-cubes": Entry(
        "dltui.lab.scene3d.marching",
        "One cell of a grid: signs, case, crossings, triangles; then the whole mesh, or a scanned head.",
        "scene3d",
    ),
    "octree-voxels": Entry(
        "dltui.lab.scene3d.octree_voxels",
        "Cells are split only where the surface passes; their number races that of the full grid.",
        "scene3d",
    ),
    "view-cnn": Entry(
        "dltui.lab.scene3d.views",
        "Twelve cameras around a shape, one small network for all pictures, the largest value over views.",
        "scene3d",
    ),
    "voxel-cnn": Entry(
        "dltui.lab.scene3d.voxel_cnn",
        "A grid of cells walks through 3D convolutions to a class; a class and noise walk back to cells.",
        "scene3d",
    ),
    "pointnet-court": Entry(
        "dltui.lab.scene3d.court",
        "A PointNet learns five shapes, the points that win its maximum lit; rivals stand the same trials.",
        "scene3d",
    ),
    "point-labels": Entry(
        "dltui.lab.scene3d.labels",
        "A chair and a room, every point labelled by networks that learn it; wrong ones are crossed.",
        "scene3d",
    ),
    "cloud-distance": Entry(
        "dltui.lab.scene3d.cloud_distance",
        "Links to the nearest neighbour both ways beside the best one-to-one matching; a point is moved.",
        "scene3d",
    ),
    "patch-decoder": Entry(
        "dltui.lab.scene3d.atlas",
        "Squares bent until they cover a shape, beside a soup of points; and a shape from one picture.",
        "scene3d",
    ),
    "neural-implicit": Entry(
        "dltui.lab.scene3d.implicit",
        "Two networks become three shapes: one tells distances, one tells inside from outside, at any place.",
        "scene3d",
    ),
    "ray-volume": Entry(
        "dltui.lab.scene3d.ray_volume",
        "One ray through four slabs: what each sample swallows, what is let through, and the pixel's colour.",
        "scene3d",
    ),
    "nerf-live": Entry(
        "dltui.lab.scene3d.nerf",
        "A small network learns a thing on a turntable from pictures, and shows it from where none was taken.",
        "scene3d",
    ),
    "gaussian-splats": Entry(
        "dltui.lab.scene3d.splats",
        "Gaussian blobs fitted to pictures, their outlines in space, and blending one after the other.",
        "scene3d",
    ),
    "part-programs": Entry(
        "dltui.lab.scene3d.programs",
        "A chair as parts: pulled apart, as a graph of what touches, as a tree, as a program, and drawn anew.",
        "scene3d",
    ),
    "layer-shapes": Entry(
        "dltui.lab.shapes.layers",
        "What eight layers make of a shape, with parameters, and one of them worked out.",
        "shapes",
    ),
    "conv-output": Entry(
        "dltui.lab.shapes.windows",
        "How many windows fit: n_out = ⌊(n + 2p − d·(k − 1) − 1) / s⌋ + 1, and where each of them lies.",
        "shapes",
    ),
    "receptive-field": Entry(
        "dltui.lab.shapes.fields",
        "One output, and layer by layer the places that it looks at, down to the input.",
        "shapes",
    ),
    "small-kernels": Entry(
        "dltui.lab.shapes.kernels",
        "A stack of 3 × 3 convolutions against one kernel that sees as much: weights, products, ReLUs.",
        "shapes",
    ),
    "dense-vs-conv": Entry(
        "dltui.lab.shapes.kernels",
        "Parameters of a dense and of a convolutional layer while the picture grows.",
        "shapes",
    ),
    "sequence-shapes": Entry(
        "dltui.lab.shapes.sequences",
        "Inputs, states and outputs of recurrent networks and of the transformer, each dimension named.",
        "shapes",
    ),
    "input-encodings": Entry(
        "dltui.lab.shapes.encodings",
        "What text, a second of sound and a picture look like as tensors, with the shape after every stage.",
        "shapes",
    ),
    "model-ledger": Entry(
        "dltui.lab.shapes.ledger",
        "A network opened layer by layer: shape, parameters, products, bytes; a block snapped on at its end.",
        "shapes",
    ),
    "lazy-and-shared": Entry(
        "dltui.lab.shapes.sharing",
        "Lazy layers that learn their size from data, and a layer used twice whose gradient is a sum.",
        "shapes",
    ),
    "broadcast-trace": Entry(
        "dltui.lab.shapes.broadcast",
        "A layer written by hand, y_k = Σ W_kij·x_ij, as a chain of shapes; and A * B beside A @ B.",
        "shapes",
    ),
    "number-formats": Entry(
        "dltui.lab.shapes.formats",
        "Range, precision and bytes of every type, and the step at which a product leaves each of them.",
        "shapes",
    ),
}
