//! Reads the fixtures in `tests/ezkl`.

#![allow(dead_code, reason = "each test binary uses a part")]

use ark_bn254::{Fq, Fq2, G2Affine};
use ark_ff::{BigInt, PrimeField};
use inference_verifier::{ezkl::plan_from_vka, Plan, Scalar, Setup};
use std::{fs, path::PathBuf};

/// A circuit's key and proofs of it.
pub struct EzklFixture {
	pub name: String,
	pub vka: Vec<u8>,
	pub proofs: Vec<EzklProof>,
}

pub struct EzklProof {
	pub public_inputs: Vec<Scalar>,
	pub bytes: Vec<u8>,
}

impl EzklFixture {
	pub fn plan(&self) -> Plan {
		plan_from_vka(&self.vka, &setup()).unwrap_or_else(|error| panic!("{}: {error}", self.name))
	}
}

fn folder() -> PathBuf {
	PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/ezkl")
}

/// The setup of all fixtures: \[s\]G2 is the second half of `setup.bin`, as the wheel's SRS has it,
/// in Montgomery form, little-endian.
pub fn setup() -> Setup {
	let bytes = fs::read(folder().join("setup.bin")).unwrap();
	let coordinate = |index: usize| {
		let start = 128 + 32 * index;
		let limbs: [u64; 4] = std::array::from_fn(|limb| {
			let at = start + 8 * limb;
			u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
		});
		Fq::new_unchecked(BigInt(limbs))
	};
	let point = G2Affine::new_unchecked(
		Fq2::new(coordinate(0), coordinate(1)),
		Fq2::new(coordinate(2), coordinate(3)),
	);
	let canonical = [point.x.c0, point.x.c1, point.y.c0, point.y.c1]
		.map(|c| c.into_bigint().0.map(u64::to_le_bytes));
	Setup::from_bytes(&canonical.concat().concat()).unwrap()
}

/// Field elements of 32 bytes each, little-endian.
fn scalars(bytes: &[u8]) -> Vec<Scalar> {
	let scalar = |chunk: &[u8]| {
		let limbs: [u64; 4] = std::array::from_fn(|i| {
			u64::from_le_bytes(chunk[8 * i..8 * i + 8].try_into().unwrap())
		});
		Scalar::from_bigint(BigInt(limbs)).expect("canonical")
	};
	bytes.chunks(32).map(scalar).collect()
}

pub fn fixture(name: &str) -> EzklFixture {
	let folder = folder().join(name);
	let read = |file: String| fs::read(folder.join(file));
	let mut proofs = Vec::new();
	for index in 0.. {
		let suffix = if index == 0 {
			String::new()
		} else {
			format!("-{index}")
		};
		let (Ok(bytes), Ok(inputs)) = (
			read(format!("proof{suffix}.bin")),
			read(format!("instances{suffix}.bin")),
		) else {
			break;
		};
		proofs.push(EzklProof {
			public_inputs: scalars(&inputs),
			bytes,
		});
	}
	EzklFixture {
		name: name.to_owned(),
		vka: read("vka.bin".to_owned()).unwrap(),
		proofs,
	}
}

/// All fixtures, by name.
pub fn all() -> Vec<EzklFixture> {
	let mut names: Vec<String> = fs::read_dir(folder())
		.unwrap()
		.map(|entry| entry.unwrap())
		.filter(|entry| entry.path().join("vka.bin").exists())
		.map(|entry| entry.file_name().into_string().unwrap())
		.collect();
	names.sort();
	names.iter().map(|name| fixture(name)).collect()
}
