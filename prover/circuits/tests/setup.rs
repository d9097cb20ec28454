//! Models under setups whose secret nobody knows: from a setup's file to a proof that the chain's verifier takes.

use crate::support::*;
use halo2_proofs::{
	halo2curves::{
		bn256::{Bn256, Fq, Fr, G1, G2},
		ff::{Field, PrimeField},
		group::Curve,
	},
	poly::{commitment::Params, kzg::commitment::ParamsKZG},
	SerdeFormat,
};
use inference_circuits::{
	keys::KeysError, BuildOptions, Bundle, BundleError, CheckError, Powers, Progress, Prover,
	ProverError, SetupFile, SetupFileError,
};
use inference_primitives::{
	Destination, GenesisHash, ModelId, ModelRef, ProofSystem, Statement, StatementHeader, VkHash,
	WorkloadId, STATEMENT_VERSION,
};
use inference_verifier::{public_inputs, verify, vk_hash, Plan, Setup};
use rand::rngs::OsRng;
use std::{fs, path::Path, sync::Arc};
use tempfile::TempDir;

fn build(powers: Powers) -> Bundle {
	let options = BuildOptions {
		name: "test".into(),
		powers,
		..BuildOptions::default()
	};
	Bundle::build(&network(&[3, 2, 1], 4).bytes(), &options, &mut |_| {}).unwrap()
}

fn header(vk_hash: VkHash) -> StatementHeader {
	StatementHeader {
		genesis: GenesisHash([1; 32]),
		domain: 0,
		version: STATEMENT_VERSION,
		vk_hash,
		model: ModelRef {
			model: ModelId(3),
			version: 1,
		},
		workload: WorkloadId([4; 32]),
		destination: Destination::Local,
	}
}

/// Parameters of halo2 with a secret that is thrown away.
fn params_file(k: u8, format: SerdeFormat) -> Vec<u8> {
	let mut bytes = Vec::new();
	let params = ParamsKZG::<Bn256>::setup(k.into(), OsRng);
	params.write_custom(&mut bytes, format).unwrap();
	bytes
}

/// Powers of Tau as snarkjs writes them, with a secret that is thrown away.
fn ptau_file(k: u8) -> Vec<u8> {
	let s = Fr::random(OsRng);
	let montgomery = |x: Fq| (x * Fq::from(2).pow_vartime([256])).to_repr();
	let g1 = |scalar: Fr| {
		let point = (G1::generator() * scalar).to_affine();
		[point.x, point.y].map(montgomery).concat()
	};
	let g2 = |scalar: Fr| {
		let point = (G2::generator() * scalar).to_affine();
		let coordinates = [point.x.c0, point.x.c1, point.y.c0, point.y.c1];
		coordinates.map(montgomery).concat()
	};
	let powers =
		|count: usize| std::iter::successors(Some(Fr::ONE), |power| Some(*power * s)).take(count);
	let n = 1 << k;
	let mut modulus = (-Fq::ONE).to_repr();
	modulus[0] += 1;
	let k = u32::from(k).to_le_bytes();
	let sections = [
		[&32u32.to_le_bytes()[..], &modulus, &k, &k].concat(),
		powers(2 * n - 1).flat_map(g1).collect(),
		powers(n).flat_map(g2).collect(),
		g1(Fr::from(3)).repeat(n),
		g1(Fr::from(5)).repeat(n),
		g2(Fr::from(5)),
		vec![0; 4],
	];
	let mut file = [&b"ptau"[..], &1u32.to_le_bytes(), &7u32.to_le_bytes()].concat();
	for (number, content) in (1u32..).zip(sections) {
		file.extend(number.to_le_bytes());
		file.extend((content.len() as u64).to_le_bytes());
		file.extend(content);
	}
	file
}

fn open(dir: &Path, name: &str, bytes: &[u8]) -> Powers {
	let path = dir.join(name);
	fs::write(&path, bytes).unwrap();
	Powers::File(Arc::new(SetupFile::open(&path).unwrap()))
}

/// A bundle under a fresh setup, saved and read again, without powers.
fn saved(dir: &TempDir, powers: &Powers) -> Bundle {
	let bundle = build(powers.clone());
	let at = dir.path().join("bundle");
	bundle.save(&at).unwrap();
	let loaded = Bundle::load(&at).unwrap();
	assert_eq!(loaded.manifest(), bundle.manifest());
	loaded
}

#[test]
fn a_model_is_built_checked_proven_and_verified_under_a_setup_of_each_format() {
	let development = build(Powers::default());
	let k = development.layout().k;
	let files = [
		("of its size", params_file(k, SerdeFormat::RawBytes)),
		("larger", params_file(k + 1, SerdeFormat::Processed)),
		("tau", ptau_file(k)),
	];
	for (name, bytes) in files {
		let dir = tempfile::tempdir().unwrap();
		let powers = open(dir.path(), "setup", &bytes);
		let loaded = saved(&dir, &powers);
		assert_eq!(loaded.manifest().setup, powers.id(), "{name}");
		assert_ne!(loaded.vk_hash(), development.vk_hash(), "{name}");

		let bundle = Arc::new(loaded.with_powers(powers.clone()).unwrap());
		bundle.check(Progress::NONE).unwrap();
		let prover = Prover::new(bundle.clone()).unwrap();
		let header = header(bundle.vk_hash());
		let input = bundle.quantise_input(&[0.5, -0.25, 1.0]).unwrap();
		let proof = prover.prove(&header, &input).unwrap();

		// What the runtime does, with nothing but what the chain stores.
		let plan = Plan::decode_canonical(&bundle.plan_bytes()).unwrap();
		let setup = Setup::from_bytes(&powers.setup().to_bytes()).unwrap();
		let hash = vk_hash(ProofSystem::Halo2, &setup.id(), &bundle.plan_bytes());
		assert_eq!(hash, bundle.vk_hash());
		let statement = Statement::new(header.clone(), &input, &proof.output);
		let inputs = public_inputs(&statement, &input, &proof.output);
		assert_eq!(verify(&plan, &setup, &inputs, &proof.bytes), Ok(()));
		// Nobody forges it with the secret that everybody knows, and no other setup takes it.
		let known = Setup::insecure_development();
		assert!(verify(&plan, &known, &inputs, &proof.bytes).is_err());
		let mut output = proof.output.clone();
		output[0] ^= 1;
		assert!(bundle
			.verify(&header, &input, &output, &proof.bytes)
			.is_err());
	}
}

#[test]
fn what_verifies_needs_no_powers_and_what_proves_says_that_it_does() {
	let dir = tempfile::tempdir().unwrap();
	let k = build(Powers::default()).layout().k;
	let powers = open(dir.path(), "setup", &params_file(k, SerdeFormat::RawBytes));
	let bundle = saved(&dir, &powers);
	let missing = bundle.check(Progress::NONE);
	assert!(matches!(
		missing,
		Err(CheckError::Keys(KeysError::NoPowers { setup })) if setup == powers.id()
	));
	let missing = Prover::new(Arc::new(bundle.clone()));
	assert!(matches!(
		missing,
		Err(ProverError::Keys(KeysError::NoPowers { .. }))
	));
	let proven = Arc::new(bundle.clone().with_powers(powers).unwrap());
	let header = header(bundle.vk_hash());
	let input = bundle.quantise_input(&[0.0; 3]).unwrap();
	let proof = Prover::new(proven).unwrap().prove(&header, &input).unwrap();
	bundle
		.verify(&header, &input, &proof.output, &proof.bytes)
		.unwrap();
}

#[test]
fn the_powers_of_another_setup_are_refused() {
	let dir = tempfile::tempdir().unwrap();
	let k = build(Powers::default()).layout().k;
	let powers = open(dir.path(), "setup", &params_file(k, SerdeFormat::RawBytes));
	let bundle = saved(&dir, &powers);
	let other = open(dir.path(), "other", &ptau_file(2));
	for wrong in [other, Powers::default()] {
		assert!(matches!(
			bundle.clone().with_powers(wrong),
			Err(BundleError::UnknownSetup { .. })
		));
	}
	let development = build(Powers::default());
	assert!(development.with_powers(powers).is_err());
}

#[test]
fn a_setup_that_is_too_small_for_the_circuit_is_refused() {
	let dir = tempfile::tempdir().unwrap();
	let powers = open(dir.path(), "setup", &ptau_file(2));
	let options = BuildOptions {
		name: "test".into(),
		powers,
		..BuildOptions::default()
	};
	let built = Bundle::build(&network(&[3, 2, 1], 4).bytes(), &options, &mut |_| {});
	let Err(inference_circuits::BuildError::Keys(KeysError::SetupFile(error))) = built else {
		panic!("it was built");
	};
	assert!(matches!(error, SetupFileError::TooSmall { got: 2, .. }));
}

#[test]
fn a_bundle_with_another_setups_point_does_not_load() {
	let dir = tempfile::tempdir().unwrap();
	let k = build(Powers::default()).layout().k;
	let powers = open(dir.path(), "setup", &params_file(k, SerdeFormat::RawBytes));
	saved(&dir, &powers);
	let at = dir.path().join("bundle");
	let file = at.join("setup.bin");
	assert_eq!(fs::read(&file).unwrap(), powers.setup().to_bytes());
	fs::write(&file, Setup::insecure_development().to_bytes()).unwrap();
	assert!(matches!(
		Bundle::load(&at),
		Err(BundleError::UnknownSetup { .. })
	));
	fs::write(&file, [0; 128]).unwrap();
	assert!(matches!(Bundle::load(&at), Err(BundleError::Setup(_))));
	fs::write(&file, [0; 129]).unwrap();
	assert!(matches!(
		Bundle::load(&at),
		Err(BundleError::TooLarge { .. })
	));
	fs::remove_file(&file).unwrap();
	assert!(matches!(Bundle::load(&at), Err(BundleError::Io { .. })));
}

#[test]
fn the_same_setup_from_either_format_gives_the_same_bundle() {
	let dir = tempfile::tempdir().unwrap();
	let k = build(Powers::default()).layout().k;
	let mut params = ParamsKZG::<Bn256>::setup(u32::from(k) + 1, OsRng);
	let write = |params: &ParamsKZG<Bn256>, format| {
		let mut bytes = Vec::new();
		params.write_custom(&mut bytes, format).unwrap();
		bytes
	};
	let larger = open(
		dir.path(),
		"larger",
		&write(&params, SerdeFormat::Processed),
	);
	params.downsize(k.into());
	let exact = open(dir.path(), "exact", &write(&params, SerdeFormat::RawBytes));
	let (larger, exact) = (build(larger), build(exact));
	assert_eq!(larger.hash(), exact.hash());
}
