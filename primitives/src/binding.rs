//! What ties a verifying key to its model: the tensors that people see, the graph, and what proofs say of it.
//!
//! A key is gates, commitments and a number of public inputs. Which of those are the input, what integers mean
//! and which are admissible is in none of them. So each key of a model holds [`binding`], as a field element
//! that every proof's transcript absorbs: the registry recomputes it from the tensors that are declared and
//! from a hash of the circuit, which says nothing to the chain, and refuses a key that holds another.

use crate::{
	hashing::{blake2_256, tagged_hash},
	Hash, TensorSpec,
};

/// Hash of what a circuit computes and claims: its integer model, as encoded in a bundle's `graph.bin`, for how
/// many inferences, and whether their inputs are hidden.
pub fn circuit_hash(graph: &[u8], inferences: u16, hidden_input: bool) -> Hash {
	tagged_hash(
		b"inference-network/circuit/v1",
		&(blake2_256(graph), inferences, hidden_input),
	)
}

/// What the key of a circuit holds that takes `input` and gives `output`: 31 bytes of the hash of both tensors
/// (shape, scale, domain, visibility) and of the circuit, as a little-endian field element. Below 2^248, hence
/// always canonical.
pub fn binding(input: &TensorSpec, output: &TensorSpec, circuit: &Hash) -> [u8; 32] {
	let tensor = |spec| tagged_hash(b"inference-network/tensor-spec/v1", spec);
	let mut bytes = tagged_hash(
		b"inference-network/binding/v1",
		&(tensor(input), tensor(output), circuit),
	);
	if let Some(highest) = bytes.last_mut() {
		*highest = 0;
	}
	bytes
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::Visibility;
	use alloc::{vec, vec::Vec};

	fn spec(length: u32) -> TensorSpec {
		TensorSpec {
			shape: vec![length],
			scale_bits: 12,
			min: -4096,
			max: 4095,
			visibility: Visibility::Public,
		}
	}

	#[test]
	fn every_field_of_both_tensors_and_of_the_circuit_changes_the_binding() {
		let circuit = circuit_hash(b"graph", 1, false);
		let honest = binding(&spec(4), &spec(2), &circuit);
		let changed: Vec<TensorSpec> = vec![
			TensorSpec {
				shape: vec![2, 2],
				..spec(4)
			},
			TensorSpec {
				scale_bits: 11,
				..spec(4)
			},
			TensorSpec {
				min: -4097,
				..spec(4)
			},
			TensorSpec {
				max: 4094,
				..spec(4)
			},
		];
		for other in changed {
			assert_ne!(binding(&other, &spec(2), &circuit), honest, "{other:?}");
			assert_ne!(binding(&spec(4), &other, &circuit), honest, "{other:?}");
		}
		// The last input as the first output: the number of public inputs is the same.
		assert_ne!(binding(&spec(3), &spec(3), &circuit), honest);
		assert_ne!(binding(&spec(2), &spec(4), &circuit), honest);
		for other in [
			circuit_hash(b"grapg", 1, false),
			circuit_hash(b"graph", 2, false),
			circuit_hash(b"graph", 1, true),
		] {
			assert_ne!(binding(&spec(4), &spec(2), &other), honest);
		}
		assert_eq!(honest[31], 0);
	}

	#[test]
	fn the_binding_is_pinned() {
		// Python: hashlib.blake2b over the tags and the SCALE encodings, digest_size=32, last byte 0.
		let circuit = circuit_hash(b"graph", 1, false);
		let got = hex::encode(binding(&spec(4), &spec(2), &circuit));
		assert_eq!(
			got,
			"58d281632cd83c7296af5cc387ab594aaf8595a92ac5ab9f2c7e7db8bf569f00"
		);
	}
}
