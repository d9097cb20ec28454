//! Plans and proofs on file: the encoding, the transcript and halo2's keys have not changed.
//!
//! `tests/vectors/README.md` says how they are made. halo2's prover draws some of its blinding from
//! the operating system, so a regenerated proof has other bytes; plans are reproduced exactly.

use crate::common;
use inference_primitives::ProofSystem;
use inference_verifier::{verify, vk_hash, Plan, PlanVersion, Scalar, Setup};
use std::{fs, path::PathBuf};

fn path(name: &str, kind: &str) -> PathBuf {
	PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/vectors/{name}.{kind}.hex"))
}

fn write(name: &str, kind: &str, bytes: &[u8]) {
	let hex = hex::encode(bytes);
	let lines: Vec<&str> = hex
		.as_bytes()
		.chunks(128)
		.map(|line| std::str::from_utf8(line).unwrap())
		.collect();
	fs::write(path(name, kind), lines.join("\n") + "\n").unwrap();
}

fn read(name: &str, kind: &str) -> Vec<u8> {
	let text = fs::read_to_string(path(name, kind)).unwrap();
	hex::decode(text.split_whitespace().collect::<String>()).unwrap()
}

/// The hash under which the chain registers a plan with the development setup.
fn key_hash(plan_bytes: &[u8]) -> [u8; 32] {
	vk_hash(
		ProofSystem::Halo2,
		&Setup::insecure_development().id(),
		plan_bytes,
	)
	.0
}

#[test]
fn plans_and_proofs_on_file_should_verify() {
	let regenerate = std::env::var_os("REGENERATE_VECTORS").is_some();
	for fixture in common::all() {
		let (name, inputs) = (fixture.name, &fixture.public_inputs);
		if regenerate {
			write(name, "plan", &fixture.plan.to_bytes());
			write(name, "proof", &fixture.proof);
			write(name, "key-hash", &key_hash(&fixture.plan.to_bytes()));
		}
		let plan_bytes = read(name, "plan");
		assert_eq!(
			plan_bytes,
			fixture.plan.to_bytes(),
			"{name}: the circuit's plan has changed"
		);
		assert_eq!(
			read(name, "key-hash"),
			key_hash(&plan_bytes),
			"{name}: the key's hash changed"
		);
		let plan = Plan::decode_canonical(&plan_bytes).unwrap();
		let proof = read(name, "proof");
		let setup = Setup::insecure_development();
		assert_eq!(verify(&plan, &setup, inputs, &proof), Ok(()), "{name}");
		assert!(fixture.halo2_accepts(&fixture.instance, &proof), "{name}");
		let mut other: Vec<Scalar> = inputs.clone();
		other[0] += Scalar::from(1u8);
		assert!(verify(&plan, &setup, &other, &proof).is_err(), "{name}");
	}
}

/// Keys and proofs of the circuits that were there when plans had version 1, from that time.
#[test]
fn plans_of_version_1_should_still_verify_their_proofs() {
	let mut found = 0;
	for fixture in common::all() {
		let name = format!("plan-v1/{}", fixture.name);
		if !path(&name, "plan").exists() {
			continue;
		}
		found += 1;
		let bytes = read(&name, "plan");
		assert_eq!(read(&name, "key-hash"), key_hash(&bytes), "{name}");
		let plan = Plan::decode_canonical(&bytes).unwrap();
		assert_eq!(plan.version(), PlanVersion::V1);
		assert_eq!(Plan::decode_trusted(&bytes).as_ref(), Ok(&plan), "{name}");
		assert_eq!(plan.to_bytes(), bytes, "{name}");
		let (setup, proof) = (Setup::insecure_development(), read(&name, "proof"));
		let inputs = &fixture.public_inputs;
		assert_eq!(verify(&plan, &setup, inputs, &proof), Ok(()), "{name}");
		let mut other: Vec<Scalar> = inputs.clone();
		other[0] += Scalar::from(1u8);
		assert!(verify(&plan, &setup, &other, &proof).is_err(), "{name}");
		// The same key in the new encoding is another key: its proofs are not this one's.
		let newer = Plan::from_parts(plan.parts().clone()).unwrap();
		assert!(verify(&newer, &setup, inputs, &proof).is_err(), "{name}");
	}
	assert_eq!(found, 7);
}

#[test]
fn plans_of_version_1_should_not_keep_values() {
	let mut bytes = read("plan-v1/minimal", "plan");
	// The program is last, and ends with an output.
	assert_eq!(bytes.pop(), Some(9));
	bytes.push(10);
	assert!(matches!(
		Plan::decode_canonical(&bytes),
		Err(inference_verifier::PlanError::UnknownTag { got: 10, .. })
	));
}
