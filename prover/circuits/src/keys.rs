//! Keys of a model's circuit. Generation is deterministic: one model, one verifying key, on every
//! machine.

use crate::{
	circuit::{trace::Trace, ModelCircuit},
	graph::Graph,
	layout::Layout,
};
use halo2_proofs::{
	halo2curves::bn256::{Bn256, G1Affine},
	plonk::{keygen_pk2, keygen_vk, ProvingKey, VerifyingKey},
	poly::{commitment::Params, kzg::commitment::ParamsKZG},
};
use inference_verifier::{
	halo2::{development_params, plan_from_vk, FrontEndError},
	Plan,
};

/// Keys that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
	/// halo2 refuses the circuit.
	#[error("halo2 cannot make keys for the circuit: {0}")]
	Halo2(#[from] halo2_proofs::plonk::Error),
	/// The verifying key has no plan that the chain would accept.
	#[error("the verifying key has no plan: {0}")]
	Plan(#[from] FrontEndError),
	/// The parameters are for another number of rows.
	#[error("the parameters are for 2^{got} rows, the circuit has 2^{expected}")]
	WrongParameters {
		/// The circuit's k.
		expected: u32,
		/// The parameters' k.
		got: u32,
	},
}

/// The parameters of the insecure development setup for circuits of 2^`k` rows.
///
/// Takes about 2^`k` · 0.1 ms of one core.
pub fn parameters(k: u8) -> ParamsKZG<Bn256> {
	development_params(u32::from(k))
}

/// Makes the verifying key of a model that `layout` fits, as the plan that the chain registers.
pub fn plan(
	graph: &Graph,
	layout: &Layout,
	parameters: &ParamsKZG<Bn256>,
) -> Result<Plan, KeysError> {
	let circuit = circuit(graph, layout, parameters)?;
	plan_of(graph, &keygen_vk(parameters, &circuit)?)
}

/// Makes the proving key and the plan of a model that `layout` fits.
pub fn proving_key(
	graph: &Graph,
	layout: &Layout,
	parameters: &ParamsKZG<Bn256>,
) -> Result<(ProvingKey<G1Affine>, Plan), KeysError> {
	let circuit = circuit(graph, layout, parameters)?;
	let key = keygen_pk2(parameters, &circuit, false)?;
	let plan = plan_of(graph, key.get_vk())?;
	Ok((key, plan))
}

fn circuit(
	graph: &Graph,
	layout: &Layout,
	parameters: &ParamsKZG<Bn256>,
) -> Result<ModelCircuit, KeysError> {
	let (expected, got) = (u32::from(layout.k), parameters.k());
	if expected != got {
		return Err(KeysError::WrongParameters { expected, got });
	}
	Ok(ModelCircuit::new(layout, &Trace::shape(graph, layout)))
}

fn plan_of(graph: &Graph, key: &VerifyingKey<G1Affine>) -> Result<Plan, KeysError> {
	// `Graph` has checked that there are at most MAX_PUBLIC_INPUTS.
	let public_inputs = u32::try_from(graph.public_inputs()).unwrap_or(u32::MAX);
	Ok(plan_from_vk(key, &[public_inputs], None)?)
}
