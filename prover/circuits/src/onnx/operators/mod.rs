//! The operators: a module per family, on top of [`build`].

mod activation;
mod arithmetic;
mod build;
mod compare;
mod constant;
mod conv;
mod einsum;
mod linear_ml;
mod matmul;
mod movement;
mod normalise;
mod pool;
mod quantised;
mod rank;
mod recurrent;
mod reduce;
mod resize;
mod scatter;
mod svm;
mod tree;

use super::{
	reader::{NodeReader, Value, Variable},
	OnnxError,
};

pub(super) use rank::{along, comparisons};

type Family = fn(&mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError>;

/// The operators, with their domain unless it is ONNX's own, and their families.
const OPERATORS: &[(&str, Family)] = &[
	("Abs", arithmetic::read),
	("Acos", activation::read),
	("Acosh", activation::read),
	("Add", arithmetic::read),
	("And", compare::read),
	("ArgMax", rank::arg_max),
	("ArgMin", rank::arg_min),
	("Asin", activation::read),
	("Asinh", activation::read),
	("Atan", activation::read),
	("Atanh", activation::read),
	("AveragePool", pool::read),
	("BatchNormalization", normalise::read),
	("Cast", constant::cast),
	("CastLike", constant::cast),
	("Ceil", arithmetic::read),
	("Celu", activation::read),
	("CenterCropPad", movement::read),
	("Clip", compare::read),
	("Compress", movement::read),
	("Concat", movement::read),
	("Constant", constant::read),
	("ConstantOfShape", constant::read),
	("Conv", conv::conv),
	("ConvInteger", conv::conv),
	("ConvTranspose", conv::transposed),
	("Cos", activation::read),
	("Cosh", activation::read),
	("CumSum", reduce::cum_sum),
	("DepthToSpace", movement::read),
	("DequantizeLinear", quantised::read),
	("Div", arithmetic::read),
	("Dropout", constant::identity),
	("Einsum", einsum::read),
	("Elu", activation::read),
	("Equal", compare::read),
	("Erf", activation::read),
	("Exp", activation::read),
	("Expand", movement::read),
	("EyeLike", constant::read),
	("Flatten", movement::reshape),
	("Floor", arithmetic::read),
	("GRU", recurrent::read),
	("Gather", movement::read),
	("GatherElements", movement::read),
	("GatherND", movement::read),
	("Gelu", activation::read),
	("Gemm", matmul::gemm),
	("GlobalAveragePool", pool::read),
	("GlobalMaxPool", pool::read),
	("Greater", compare::read),
	("GreaterOrEqual", compare::read),
	("GroupNormalization", normalise::read),
	("HardSigmoid", activation::read),
	("HardSwish", activation::read),
	("Hardmax", reduce::hard_max),
	("Identity", constant::identity),
	("InstanceNormalization", normalise::read),
	("LRN", normalise::read),
	("LSTM", recurrent::read),
	("LayerNormalization", normalise::read),
	("LeakyRelu", activation::read),
	("Less", compare::read),
	("LessOrEqual", compare::read),
	("Log", activation::read),
	("LogSoftmax", reduce::softmax),
	("LpNormalization", normalise::read),
	("MatMul", matmul::mat_mul),
	("MatMulInteger", matmul::mat_mul),
	("Max", compare::read),
	("MaxPool", pool::read),
	("Mean", arithmetic::read),
	("MeanVarianceNormalization", normalise::read),
	("Min", compare::read),
	("Mish", activation::read),
	("Mod", arithmetic::read),
	("Mul", arithmetic::read),
	("Neg", arithmetic::read),
	("Not", compare::read),
	("OneHot", compare::one_hot),
	("Or", compare::read),
	("PRelu", activation::read),
	("Pad", movement::read),
	("Pow", arithmetic::read),
	("QLinearConv", quantised::read),
	("QLinearMatMul", quantised::read),
	("QuantizeLinear", quantised::read),
	("RMSNormalization", normalise::read),
	("RNN", recurrent::read),
	("Range", constant::read),
	("Reciprocal", arithmetic::read),
	("ReduceL1", reduce::read),
	("ReduceL2", reduce::read),
	("ReduceLogSum", reduce::read),
	("ReduceLogSumExp", reduce::read),
	("ReduceMax", reduce::read),
	("ReduceMean", reduce::read),
	("ReduceMin", reduce::read),
	("ReduceProd", reduce::read),
	("ReduceSum", reduce::read),
	("ReduceSumSquare", reduce::read),
	("Relu", activation::read),
	("Reshape", movement::reshape),
	("Resize", resize::read),
	("Round", arithmetic::read),
	("Scatter", scatter::read),
	("ScatterElements", scatter::read),
	("ScatterND", scatter::read),
	("Selu", activation::read),
	("Shape", constant::read),
	("Shrink", activation::read),
	("Sigmoid", activation::read),
	("Sign", compare::read),
	("Sin", activation::read),
	("Sinh", activation::read),
	("Size", constant::read),
	("Slice", movement::read),
	("Softmax", reduce::softmax),
	("Softplus", activation::read),
	("Softsign", activation::read),
	("SpaceToDepth", movement::read),
	("Split", movement::read),
	("Sqrt", activation::read),
	("Squeeze", movement::reshape),
	("Sub", arithmetic::read),
	("Sum", arithmetic::read),
	("Swish", activation::read),
	("Tan", activation::read),
	("Tanh", activation::read),
	("ThresholdedRelu", activation::read),
	("Tile", movement::read),
	("TopK", rank::top_k),
	("Transpose", movement::read),
	("Trilu", movement::read),
	("Unsqueeze", movement::reshape),
	("Upsample", resize::read),
	("Where", compare::read),
	("Xor", compare::read),
	(
		"ai.onnx.ml.ArrayFeatureExtractor",
		linear_ml::feature_extractor,
	),
	("ai.onnx.ml.Binarizer", compare::read),
	(
		"ai.onnx.ml.FeatureVectorizer",
		linear_ml::feature_vectorizer,
	),
	("ai.onnx.ml.LinearClassifier", linear_ml::linear),
	("ai.onnx.ml.LinearRegressor", linear_ml::linear),
	("ai.onnx.ml.Normalizer", normalise::read),
	("ai.onnx.ml.SVMClassifier", svm::classifier),
	("ai.onnx.ml.SVMRegressor", svm::regressor),
	("ai.onnx.ml.Scaler", linear_ml::scaler),
	("ai.onnx.ml.TreeEnsemble", tree::ensemble_v5),
	("ai.onnx.ml.TreeEnsembleClassifier", tree::ensemble),
	("ai.onnx.ml.TreeEnsembleRegressor", tree::ensemble),
];

/// The operators that can be read, with their domain unless it is ONNX's own.
pub fn supported() -> impl Iterator<Item = &'static str> {
	OPERATORS.iter().map(|(name, _)| *name)
}

/// Reads one node and returns its results.
pub(super) fn read(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	match OPERATORS.iter().find(|(name, _)| *name == node.operator) {
		Some((_, read)) => read(node),
		// `check_operators` refused everything else.
		None => Err(node.bad_operand("the operator is not supported")),
	}
}

/// The one result of a node.
fn one(node: &NodeReader<'_>, variable: Variable) -> Result<Vec<Value>, OnnxError> {
	Ok(vec![node.to_value(variable)])
}
