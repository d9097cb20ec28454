//! Files of each format, and each fault of them.

use super::*;
use halo2_proofs::{
	poly::{
		commitment::{Params, ParamsProver},
		kzg::commitment::ParamsKZG,
	},
	SerdeFormat,
};
use halo2curves::{
	bn256::{Bn256, Fq, Fq2, G2},
	grumpkin,
};
use proptest::prelude::*;
use rand::rngs::OsRng;
use std::{fs, io::Write};
use tempfile::NamedTempFile;

const K: u8 = 3;
/// Where the points of a `.ptau` of ours begin: header, head and content of section 1, head of section 2.
const PTAU_POWERS: usize = 12 + 12 + 44 + 12;
/// Of a `.ptau` of 2^3, \[s\]G2: behind 15 powers of G1, the head of section 3 and G2.
const PTAU_S_G2: usize = PTAU_POWERS + 15 * 64 + 12 + 128;

fn file(bytes: &[u8]) -> NamedTempFile {
	let mut file = NamedTempFile::new().unwrap();
	file.write_all(bytes).unwrap();
	file.flush().unwrap();
	file
}

fn open(bytes: &[u8]) -> Result<SetupFile, SetupFileError> {
	SetupFile::open(file(bytes).path())
}

/// What [`SetupFile::check`] says, or opening.
fn check(bytes: &[u8]) -> Result<(), SetupFileError> {
	open(bytes)?.check(Progress::NONE)
}

fn refused(bytes: &[u8]) -> String {
	check(bytes).unwrap_err().to_string()
}

fn params(k: u8) -> ParamsKZG<Bn256> {
	ParamsKZG::setup(k.into(), OsRng)
}

fn written(params: &ParamsKZG<Bn256>, format: SerdeFormat) -> Vec<u8> {
	let mut bytes = Vec::new();
	params.write_custom(&mut bytes, format).unwrap();
	bytes
}

/// A coordinate as snarkjs writes it, by multiplying with 2^256 instead of by halo2's writer.
fn coordinate(value: Fq) -> [u8; 32] {
	(value * Fq::from(2).pow_vartime([256])).to_repr()
}

fn g1(point: G1) -> Vec<u8> {
	let point = point.to_affine();
	[point.x, point.y].map(coordinate).concat()
}

fn g2(point: G2) -> Vec<u8> {
	let point = point.to_affine();
	[point.x.c0, point.x.c1, point.y.c0, point.y.c1]
		.map(coordinate)
		.concat()
}

fn section(number: u32, content: Vec<u8>) -> Vec<u8> {
	let length = content.len() as u64;
	[&number.to_le_bytes()[..], &length.to_le_bytes(), &content].concat()
}

/// The sections of a `.ptau` for 2^`k` with the secret `s`, written from the format's description.
fn ptau_sections(k: u8, s: Fr) -> Vec<Vec<u8>> {
	let modulus: Vec<u8> = Fq::MODULUS
		.trim_start_matches("0x")
		.as_bytes()
		.chunks(2)
		.rev()
		.map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 16).unwrap())
		.collect();
	let k32 = u32::from(k).to_le_bytes();
	let header = [&32u32.to_le_bytes()[..], &modulus, &k32, &k32].concat();
	let of_g1 = |factor: Fr, count: usize| -> Vec<u8> {
		let powers = powers(s).take(count);
		powers
			.flat_map(|power| g1(G1::generator() * (power * factor)))
			.collect()
	};
	let of_g2 = |count: usize| -> Vec<u8> {
		powers(s)
			.take(count)
			.flat_map(|power| g2(G2::generator() * power))
			.collect()
	};
	let (alpha, beta) = (Fr::random(OsRng), Fr::random(OsRng));
	let n = 1 << k;
	vec![
		section(1, header),
		section(2, of_g1(Fr::ONE, 2 * n - 1)),
		section(3, of_g2(n)),
		section(4, of_g1(alpha, n)),
		section(5, of_g1(beta, n)),
		section(6, g2(G2::generator() * beta)),
		section(7, 0u32.to_le_bytes().to_vec()),
	]
}

fn ptau_of(sections: &[Vec<u8>]) -> Vec<u8> {
	let count = sections.len() as u32;
	let header = [&b"ptau"[..], &1u32.to_le_bytes(), &count.to_le_bytes()].concat();
	[header, sections.concat()].concat()
}

fn ptau(k: u8, s: Fr) -> Vec<u8> {
	ptau_of(&ptau_sections(k, s))
}

/// The Lagrange basis, from the secret.
fn basis_of(k: u8, s: Fr) -> Vec<G1Affine> {
	ordered_basis(k, s, domain(k).unwrap().omega())
}

/// The Lagrange basis in the order of a root's powers.
fn ordered_basis(k: u8, s: Fr, root: Fr) -> Vec<G1Affine> {
	let n = 1u64 << k;
	powers(root)
		.take(n as usize)
		.map(|element| {
			let numerator = element * (s.pow_vartime([n]) - Fr::ONE);
			let value = numerator * ((s - element) * Fr::from(n)).invert().unwrap();
			(G1::generator() * value).to_affine()
		})
		.collect()
}

/// The sections of a `.ptau` that is prepared for phase 2.
fn prepared_sections(k: u8, s: Fr) -> Vec<Vec<u8>> {
	// 5^t, t = (r − 1) / 2^28, by the digits of r − 1.
	let t: Vec<u64> = (-Fr::ONE).to_repr().as_ref()[3..]
		.chunks(8)
		.map(|bytes| {
			let mut limb = [0; 8];
			limb[..bytes.len()].copy_from_slice(bytes);
			u64::from_le_bytes(limb)
		})
		.collect();
	let t: Vec<u64> = (0..t.len())
		.map(|i| t[i] >> 4 | t.get(i + 1).map_or(0, |above| above << 60))
		.collect();
	let greatest = Fr::from(5).pow_vartime(&t);
	let bases = (0..=k + 1).flat_map(|k| {
		let root = (u32::from(k)..Fr::S).fold(greatest, |root, _| root.square());
		let basis = ordered_basis(k, s, root).into_iter();
		basis
			.flat_map(|point| g1(point.into()))
			.collect::<Vec<u8>>()
	});
	let content = bases.collect();
	let mut sections = ptau_sections(k, s);
	sections.push(section(12, content));
	sections
}

/// A valid file of each format.
fn each_format() -> [Vec<u8>; 3] {
	let params = params(K);
	[
		written(&params, SerdeFormat::RawBytes),
		written(&params, SerdeFormat::Processed),
		ptau(K, Fr::random(OsRng)),
	]
}

#[test]
fn parameters_of_halo2_give_what_halo2_makes_of_them_at_every_size() {
	let full = params(5);
	for format in [SerdeFormat::RawBytes, SerdeFormat::Processed] {
		let bytes = written(&full, format);
		assert!(check(&bytes).is_ok());
		let file = open(&bytes).unwrap();
		assert_eq!((file.k(), file.powers()), (5, 32));
		for k in [1, 3, 4, 5, 5, 2] {
			let mut expected = full.clone();
			expected.downsize(k.into());
			let key = file.commitment_key(k, Progress::NONE).unwrap();
			// halo2 has the Lagrange basis in the file, and computes it after `downsize`.
			let lagrange = written(&expected, SerdeFormat::RawBytes);
			let lagrange: Vec<G1Affine> = lagrange[4 + (64 << k)..][..64 << k]
				.chunks(64)
				.map(|bytes| G1Affine::from_raw_bytes(bytes).unwrap())
				.collect();
			assert_eq!(key.points(), [expected.get_g(), &lagrange]);
		}
	}
}

#[test]
fn powers_of_tau_give_the_commitment_key_of_their_secret_at_every_size() {
	let s = Fr::random(OsRng);
	let bytes = ptau(4, s);
	assert!(check(&bytes).is_ok());
	let file = open(&bytes).unwrap();
	assert_eq!((file.k(), file.powers()), (4, 31));
	for k in 1..=4 {
		let key = file.commitment_key(k, Progress::NONE).unwrap();
		let expected: Vec<G1Affine> = powers(s)
			.take(1 << k)
			.map(|power| (G1::generator() * power).to_affine())
			.collect();
		assert_eq!(key.points(), [&expected[..], &basis_of(k, s)]);
	}
}

#[test]
fn powers_of_tau_that_are_prepared_for_phase_2_give_the_same_commitment_keys() {
	let s = Fr::random(OsRng);
	let bytes = ptau_of(&prepared_sections(4, s));
	assert!(check(&bytes).is_ok());
	let file = open(&bytes).unwrap();
	for k in 1..=4 {
		let key = file.commitment_key(k, Progress::NONE).unwrap();
		assert_eq!(key.points()[1], basis_of(k, s));
	}
}

#[test]
fn other_lagrange_bases_of_powers_of_tau_are_refused() {
	let sections = prepared_sections(K, Fr::random(OsRng));
	// Two points of the basis for 2^3, behind those for 1, 2, 4, change places.
	let mut swapped = sections.clone();
	let at = 12 + 7 * 64;
	for i in at..at + 64 {
		swapped[7].swap(i + 64, i + 128);
	}
	let bytes = ptau_of(&swapped);
	assert!(matches!(check(&bytes), Err(SetupFileError::Lagrange)));
	let file = open(&bytes).unwrap();
	let made = file.commitment_key(K, Progress::NONE);
	assert!(matches!(made, Err(SetupFileError::Lagrange)));
	// Smaller circuits do not use it.
	assert!(file.commitment_key(K - 1, Progress::NONE).is_ok());
	let mut short = sections;
	let content = short[7][12..].to_vec();
	short[7] = section(12, content[64..].to_vec());
	assert!(refused(&ptau_of(&short)).contains("section 12 is not as long"));
}

#[test]
fn the_same_secret_is_the_same_setup_in_every_format() {
	let params = params(K);
	let ids = [SerdeFormat::RawBytes, SerdeFormat::Processed]
		.map(|format| open(&written(&params, format)).unwrap().id());
	assert_eq!(ids[0], ids[1]);
	let other = open(&ptau(K, Fr::random(OsRng))).unwrap().id();
	assert_ne!(ids[0], other);
	let setup = inference_verifier::halo2::setup_from_params(&params).unwrap();
	assert_eq!(ids[0], setup.id());
	let development = inference_verifier::halo2::to_halo2(inference_verifier::development_secret());
	let development = open(&ptau(K, development)).unwrap();
	assert_eq!(*development.setup(), Setup::insecure_development());
}

#[test]
fn a_file_made_by_snarkjs_is_read() {
	let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/setup/snarkjs.ptau");
	let file = SetupFile::open(&path).unwrap();
	assert_eq!((file.k(), file.format()), (5, "snarkjs Powers of Tau"));
	file.check(Progress::NONE).unwrap();
	assert_eq!(file.commitment_key(5, Progress::NONE).unwrap().k(), 5);
}

#[test]
fn a_circuit_of_more_rows_than_the_file_is_refused() {
	for bytes in each_format() {
		let error = open(&bytes).unwrap().commitment_key(4, Progress::NONE);
		assert!(matches!(
			error,
			Err(SetupFileError::TooSmall {
				expected: 4,
				got: K
			})
		));
	}
}

#[test]
fn a_secret_of_zero_or_one_is_refused() {
	// What `snarkjs powersoftau new` makes before anybody contributes.
	let error = refused(&ptau(K, Fr::ONE));
	assert!(error.contains("the secret is one"), "{error}");
	let error = refused(&ptau(K, Fr::ZERO));
	assert!(error.contains("power 1 is not the canonical"), "{error}");
}

#[test]
fn a_secret_whose_powers_repeat_is_refused() {
	// Of order 2, 4 and 8: the file has 15 powers.
	for k in 1..=3 {
		let (order, s) = (1 << k, root_of(k, Fr::ROOT_OF_UNITY));
		let error = check(&ptau(K, s)).unwrap_err();
		assert!(
			matches!(error, SetupFileError::SmallOrder { index } if index == order),
			"{error}"
		);
	}
}

#[test]
fn each_tampered_power_is_found_and_only_by_who_needs_it() {
	let bytes = ptau(K, Fr::random(OsRng));
	for index in 1..15 {
		let mut bytes = bytes.clone();
		let at = PTAU_POWERS + index * 64;
		let point = G1Affine::from_raw_bytes(&bytes[at..at + 64]).unwrap();
		let other = (point + G1::generator()).to_affine();
		bytes[at..at + 64].copy_from_slice(&other.to_raw_bytes());
		match index {
			1 => assert!(matches!(check(&bytes), Err(SetupFileError::OtherSecret))),
			_ => assert!(matches!(
				check(&bytes),
				Err(SetupFileError::Powers { count: 15 })
			)),
		}
		let Ok(file) = open(&bytes) else { continue };
		for k in 1..=K {
			let made = file.commitment_key(k, Progress::NONE);
			assert_eq!(made.is_ok(), index >= 1 << k, "power {index}, k {k}");
		}
	}
}

#[test]
fn a_power_that_is_tampered_with_beyond_the_first_portion_is_found() {
	let params = params(4);
	let mut powers = params.get_g().to_vec();
	powers[PORTION as usize + 1] = G1Affine::generator();
	let (g2, s_g2) = (params.g2(), params.s_g2());
	let changed = params.from_parts(4, powers, None, g2, s_g2);
	let bytes = written(&changed, SerdeFormat::RawBytes);
	assert!(matches!(
		check(&bytes),
		Err(SetupFileError::Powers { count: 16 })
	));
	let file = open(&bytes).unwrap();
	assert!(file.sum_of_powers(PORTION, challenge(), |_| ()).is_ok());
}

#[test]
fn another_lagrange_basis_is_refused() {
	let params = params(K);
	for (format, size) in [(SerdeFormat::RawBytes, 64), (SerdeFormat::Processed, 32)] {
		let mut bytes = written(&params, format);
		let basis = 4 + (size << K);
		// Two points change places.
		let (first, second) = (basis + size, basis + 3 * size);
		for i in 0..size {
			bytes.swap(first + i, second + i);
		}
		assert!(matches!(check(&bytes), Err(SetupFileError::Lagrange)));
		let file = open(&bytes).unwrap();
		let made = file.commitment_key(K, Progress::NONE);
		assert!(matches!(made, Err(SetupFileError::Lagrange)));
		// Smaller circuits do not use it.
		assert!(file.commitment_key(K - 1, Progress::NONE).is_ok());
	}
}

#[test]
fn points_of_g2_that_are_not_the_setups_are_refused() {
	let bytes = ptau(K, Fr::random(OsRng));
	let with = |at: usize, point: Vec<u8>| {
		let mut bytes = bytes.clone();
		bytes[at..at + point.len()].copy_from_slice(&point);
		check(&bytes)
	};
	let other = g2(G2::generator() * Fr::from(7));
	assert!(matches!(
		with(PTAU_S_G2 - 128, other.clone()),
		Err(SetupFileError::Generator { group: "G2" })
	));
	assert!(matches!(
		with(PTAU_S_G2, other),
		Err(SetupFileError::OtherSecret)
	));
	let outside = (1u64..)
		.find_map(|x| {
			let generator = G2Affine::generator();
			let b = generator.y.square() - generator.x.square() * generator.x;
			let x = Fq2 {
				c0: Fq::from(x),
				c1: Fq::ZERO,
			};
			let y: Option<Fq2> = (x.square() * x + b).sqrt().into();
			Some(G2Affine { x, y: y? })
		})
		.unwrap();
	assert!(matches!(
		with(PTAU_S_G2, outside.to_raw_bytes()),
		Err(SetupFileError::Setup(SetupError::OutsideSubgroup))
	));
	assert!(matches!(
		with(PTAU_S_G2, vec![0; 128]),
		Err(SetupFileError::Point { index: 1, .. })
	));
}

#[test]
fn another_generator_of_g1_is_refused() {
	let s = Fr::random(OsRng);
	let mut sections = ptau_sections(K, s);
	let scaled = powers(s).take(15);
	let scaled = scaled.flat_map(|power| g1(G1::generator() * (power * Fr::from(5))));
	sections[1] = section(2, scaled.collect());
	assert!(matches!(
		check(&ptau_of(&sections)),
		Err(SetupFileError::Generator { group: "G1" })
	));
}

#[test]
fn files_that_are_cut_off_or_too_long_are_refused() {
	for bytes in each_format() {
		for length in [bytes.len() - 1, bytes.len() / 2, 90, 12, 8] {
			let error = open(&bytes[..length]).unwrap_err();
			assert!(
				matches!(
					error,
					SetupFileError::Length { .. } | SetupFileError::ParamsLength { .. }
				),
				"{length}: {error}"
			);
		}
		let longer = [&bytes[..], &[0]].concat();
		assert!(open(&longer).unwrap_err().to_string().contains("cut off"));
		for length in [0, 3, 7] {
			assert!(matches!(
				open(&bytes[..length]),
				Err(SetupFileError::Unknown)
			));
		}
	}
}

#[test]
fn other_encodings_of_a_point_are_refused() {
	let modulus = |bytes: &mut [u8]| {
		// Adds the modulus: the greatest element, and one.
		let mut carry = 1u16;
		for (byte, add) in bytes.iter_mut().zip((-Fq::ONE).to_repr()) {
			let sum = u16::from(*byte) + u16::from(add) + carry;
			(*byte, carry) = (sum as u8, sum >> 8);
		}
	};
	let [raw, processed, ptau] = each_format();
	for (bytes, at) in [(raw, 4 + 2 * 64), (ptau, PTAU_POWERS + 2 * 64)] {
		let mut bytes = bytes;
		modulus(&mut bytes[at..at + 32]);
		assert!(matches!(
			check(&bytes),
			Err(SetupFileError::Point { index: 2, .. })
		));
	}
	let at = 4 + 2 * 32;
	let mut flagged = processed.clone();
	flagged[at + 31] |= 0x80;
	let mut identity = processed.clone();
	identity[at..at + 32].fill(0);
	identity[at + 31] = 0x80;
	for bytes in [flagged, identity] {
		assert!(matches!(
			check(&bytes),
			Err(SetupFileError::Point { index: 2, .. })
		));
	}
	// The other of the two points is a point, but no power.
	let mut negated = processed;
	negated[at + 31] ^= 0x40;
	assert!(matches!(
		check(&negated),
		Err(SetupFileError::Powers { .. })
	));
}

#[test]
fn setups_of_other_curves_are_refused() {
	let sections = ptau_sections(K, Fr::random(OsRng));
	let mut other = sections.clone();
	other[0][12 + 4] ^= 2;
	assert!(matches!(
		check(&ptau_of(&other)),
		Err(SetupFileError::OtherCurve)
	));
	// As BLS12-381 has it: 48 bytes a coordinate.
	let mut other = sections;
	let header = [
		&48u32.to_le_bytes()[..],
		&[1; 48],
		&[3, 0, 0, 0],
		&[3, 0, 0, 0],
	]
	.concat();
	other[0] = section(1, header);
	assert!(matches!(
		check(&ptau_of(&other)),
		Err(SetupFileError::OtherCurve)
	));
	// Grumpkin's points are as long as ours.
	let mut bytes = written(&params(K), SerdeFormat::RawBytes);
	let point = grumpkin::G1Affine::generator().to_raw_bytes();
	bytes[4..4 + 64].copy_from_slice(&point);
	assert!(matches!(
		check(&bytes),
		Err(SetupFileError::Point { index: 0, .. })
	));
}

#[test]
fn sections_that_are_missing_twice_or_of_other_lengths_are_refused() {
	let sections = ptau_sections(K, Fr::random(OsRng));
	for (index, number) in [(0, 1), (1, 2), (2, 3), (5, 6)] {
		let mut missing = sections.clone();
		missing.remove(index);
		let error = refused(&ptau_of(&missing));
		assert_eq!(error, format!("section {number} is missing"));
		let mut twice = sections.clone();
		twice.push(sections[index].clone());
		let error = refused(&ptau_of(&twice));
		assert_eq!(error, format!("section {number} is there twice"));
	}
	let mut short = sections.clone();
	let content = short[1][12..12 + 14 * 64].to_vec();
	short[1] = section(2, content);
	assert!(refused(&ptau_of(&short)).contains("section 2 is not as long"));
	// The header of a larger setup.
	let mut larger = sections;
	larger[0][12 + 36] += 1;
	assert!(refused(&ptau_of(&larger)).contains("is not as long"));
}

#[test]
fn headers_that_promise_more_than_there_is_are_refused_before_anything_is_read() {
	for k in [0, 29, 255] {
		let bytes = [&[k, 0, 0, 0][..], &[0; 300]].concat();
		assert!(matches!(open(&bytes), Err(SetupFileError::Rows { .. })));
	}
	let bytes = [&[28, 0, 0, 0][..], &[0; 300]].concat();
	assert!(matches!(
		open(&bytes),
		Err(SetupFileError::ParamsLength { k: 28, .. })
	));
	let mut bytes = ptau(K, Fr::random(OsRng));
	bytes[12 + 4..12 + 12].fill(0xff);
	assert!(matches!(open(&bytes), Err(SetupFileError::Length { .. })));
	bytes[8..12].fill(0xff);
	assert!(matches!(open(&bytes), Err(SetupFileError::Length { .. })));
	bytes[4] = 2;
	assert!(matches!(
		open(&bytes),
		Err(SetupFileError::Version { got: 2 })
	));
	let folder = tempfile::tempdir().unwrap();
	assert!(matches!(
		SetupFile::open(folder.path()),
		Err(SetupFileError::NotAFile)
	));
	assert!(matches!(
		SetupFile::open(&folder.path().join("none")),
		Err(SetupFileError::Io(_))
	));
}

#[test]
fn a_file_that_changes_after_it_was_opened_is_checked_as_it_is_then() {
	let bytes = ptau(K, Fr::random(OsRng));
	let file = file(&bytes);
	let setup = SetupFile::open(file.path()).unwrap();
	fs::write(file.path(), ptau(K, Fr::random(OsRng))).unwrap();
	assert!(matches!(
		setup.commitment_key(K, Progress::NONE),
		Err(SetupFileError::Powers { .. })
	));
	fs::write(file.path(), &bytes[..200]).unwrap();
	assert!(matches!(
		setup.commitment_key(K, Progress::NONE),
		Err(SetupFileError::Io(_))
	));
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn no_changed_bit_of_parameters_is_accepted(processed: bool, at: prop::sample::Index, bit in 0..8u8) {
		let format = if processed { SerdeFormat::Processed } else { SerdeFormat::RawBytes };
		let mut bytes = written(&params(2), format);
		let at = at.index(bytes.len());
		bytes[at] ^= 1 << bit;
		prop_assert!(check(&bytes).is_err());
	}

	#[test]
	fn no_bytes_of_powers_of_tau_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
		let mut bytes = ptau(2, Fr::from(11));
		let head = bytes.len().min(2 * PTAU_POWERS);
		for (at, value) in changes {
			bytes[at.index(head)] = value;
		}
		let _ = check(&bytes);
	}
}
