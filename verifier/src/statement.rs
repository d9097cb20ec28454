//! What a proof's public inputs are, and the hash under which a verifying key is registered.

use crate::{encoding::scalar_from_bytes, Scalar};
use alloc::vec::Vec;
use inference_primitives::{hashing::tagged_hash, ProofSystem, SetupId, Statement, VkHash};

/// The public inputs of a proof of `statement`: its hash as a field element
/// ([`Statement::to_field_bytes`]), the input's values, the output's values. A negative value −v is
/// the field's −v.
///
/// The caller has built `statement` from the same `input` and `output`.
pub fn public_inputs(statement: &Statement, input: &[i64], output: &[i64]) -> Vec<Scalar> {
	// Below 2^248, hence always canonical.
	let hash = scalar_from_bytes(&statement.to_field_bytes()).unwrap_or_default();
	core::iter::once(hash)
		.chain(input.iter().chain(output).map(|value| Scalar::from(*value)))
		.collect()
}

/// The hash under which the chain registers a verifying key: proof system, setup, encoded plan.
pub fn vk_hash(system: ProofSystem, setup: &SetupId, plan_bytes: &[u8]) -> VkHash {
	VkHash(tagged_hash(
		b"inference-network/vk/v1",
		&(system, setup, plan_bytes),
	))
}

#[cfg(test)]
mod tests {
	use super::*;
	use inference_primitives::{
		Destination, GenesisHash, ModelId, ModelRef, StatementHeader, WorkloadId, STATEMENT_VERSION,
	};

	#[test]
	fn public_inputs_are_statement_then_input_then_output() {
		let header = StatementHeader {
			genesis: GenesisHash([1; 32]),
			domain: 0,
			version: STATEMENT_VERSION,
			vk_hash: VkHash([2; 32]),
			model: ModelRef {
				model: ModelId(3),
				version: 1,
			},
			workload: WorkloadId([4; 32]),
			destination: Destination::Local,
		};
		let (input, output) = ([5, -6, i64::MIN], [7]);
		let statement = Statement::new(header, &input, &output);
		let inputs = public_inputs(&statement, &input, &output);
		assert_eq!(inputs.len(), 5);
		assert_eq!(
			crate::encoding::scalar_to_bytes(&inputs[0]),
			statement.to_field_bytes()
		);
		assert_eq!(inputs[1], Scalar::from(5u8));
		assert_eq!(inputs[2], -Scalar::from(6u8));
		assert_eq!(inputs[3], -Scalar::from(1u64 << 63));
		assert_eq!(inputs[4], Scalar::from(7u8));
	}

	#[test]
	fn the_hash_of_a_key_binds_setup_and_plan() {
		let setup = SetupId([1; 32]);
		let base = vk_hash(ProofSystem::Halo2, &setup, b"plan");
		assert_ne!(
			base,
			vk_hash(ProofSystem::Halo2, &SetupId([2; 32]), b"plan")
		);
		assert_ne!(base, vk_hash(ProofSystem::Halo2, &setup, b"plan2"));
	}
}
