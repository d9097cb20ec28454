//! The measured operations, of `ark_bn254` and of `inference_bn254`.

#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

#[cfg(target_family = "wasm")]
mod wasm {
	#[global_allocator]
	static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

	#[panic_handler]
	fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
		core::arch::wasm32::unreachable()
	}
}

/// An operation, done so many times after its set-up. Returns a part of the last result, which must
/// be the same for both libraries.
type Run = fn(u32) -> u64;

/// An operation of both libraries.
pub struct Operation {
	/// What the table calls it.
	pub name: &'static str,
	/// How often a measurement does it.
	pub repetitions: u32,
	/// `ark_bn254`'s.
	pub ark: Run,
	/// Ours.
	pub ours: Run,
}

/// All of them.
pub const OPERATIONS: [Operation; 12] = [
	operation("Fq product", 100_000, ark::product, ours::product),
	operation("Fq square", 100_000, ark::square, ours::square),
	operation(
		"Fr product",
		100_000,
		ark::scalar_product,
		ours::scalar_product,
	),
	operation("Fq inverse", 2_000, ark::inverse, ours::inverse),
	operation(
		"Fq12 product",
		1_000,
		ark::tower_product,
		ours::tower_product,
	),
	operation("check of two pairs", 5, ark::check, ours::check),
	operation("sum of 10", 10, ark::sum::<10>, ours::sum::<10>),
	operation("sum of 25", 10, ark::sum::<25>, ours::sum::<25>),
	operation("sum of 45", 5, ark::sum::<45>, ours::sum::<45>),
	operation("sum of 100", 3, ark::sum::<100>, ours::sum::<100>),
	operation("sum of 500", 1, ark::sum::<500>, ours::sum::<500>),
	operation("sum of 1500", 1, ark::sum::<1500>, ours::sum::<1500>),
];

const fn operation(name: &'static str, repetitions: u32, ark: Run, ours: Run) -> Operation {
	Operation {
		name,
		repetitions,
		ark,
		ours,
	}
}

/// Does an operation, by index, of one library; for the program that measures wasm.
#[no_mangle]
pub extern "C" fn run(index: u32, ours: u32, times: u32) -> u64 {
	let operation = &OPERATIONS[index as usize];
	let run = if ours == 0 {
		operation.ark
	} else {
		operation.ours
	};
	run(times)
}

/// Operations that are written the same for both libraries.
macro_rules! shared {
	() => {
		use alloc::vec::Vec;
		use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
		use ark_ff::{AdditiveGroup, Field};

		fn low(value: Fq) -> u64 {
			value.0 .0[0]
		}

		fn element(n: u64) -> Fq {
			Fq::from(n).inverse().expect("not zero")
		}

		pub fn product(times: u32) -> u64 {
			let (mut a, b) = (element(3), element(7));
			(0..times).for_each(|_| a *= b);
			low(a)
		}

		pub fn square(times: u32) -> u64 {
			let mut a = element(3);
			(0..times).for_each(|_| {
				a.square_in_place();
			});
			low(a)
		}

		pub fn scalar_product(times: u32) -> u64 {
			let inverse = |n: u64| Fr::from(n).inverse().expect("not zero");
			let (mut a, b) = (inverse(3), inverse(7));
			(0..times).for_each(|_| a *= b);
			a.0 .0[0]
		}

		pub fn inverse(times: u32) -> u64 {
			let mut a = Fq::from(3u64);
			(0..times).for_each(|_| a = a.inverse().expect("not zero") + Fq::ONE);
			low(a)
		}

		pub fn tower_product(times: u32) -> u64 {
			let two = |n| Fq2::new(element(n), element(n + 1));
			let six = |n| Fq6::new(two(n), two(n + 2), two(n + 4));
			let factor = Fq12::new(six(2), six(8));
			let mut a = factor;
			(0..times).for_each(|_| a *= factor);
			low(a.c0.c0.c0)
		}

		/// Points and scalars without structure.
		fn terms(count: usize) -> Vec<(G1Affine, Fr)> {
			let generator = G1Projective::generator();
			let factor = Fr::from(98_765u64).inverse().expect("not zero");
			let (mut point, mut scalar) = (generator, Fr::from(12_345u64));
			let next = |_| {
				point = point.double() + generator;
				scalar = scalar * factor + Fr::ONE;
				(point, scalar)
			};
			let (points, scalars): (Vec<_>, Vec<_>) = (0..count).map(next).unzip();
			let points = G1Projective::normalize_batch(&points);
			points.into_iter().zip(scalars).collect()
		}
	};
}

mod ark {
	use ark_bn254::{Bn254, Fq, Fq12, Fq2, Fq6, Fr, G1Affine, G1Projective, G2Affine};
	use ark_ec::{pairing::Pairing, VariableBaseMSM};

	shared!();

	/// e(P, Q) · e(−P, Q) = 1
	pub fn check(times: u32) -> u64 {
		let (p, q) = (G1Affine::generator(), G2Affine::generator());
		let one = <Bn254 as Pairing>::TargetField::ONE;
		(0..times)
			.map(|_| u64::from(Bn254::multi_pairing([p, -p], [q, q]).0 == one))
			.sum()
	}

	pub fn sum<const N: usize>(times: u32) -> u64 {
		let (points, scalars): (Vec<_>, Vec<_>) = terms(N).into_iter().unzip();
		let sum = |_| G1Projective::msm(&points, &scalars).expect("as many of both");
		(0..times).fold(0, |_, n| low(sum(n).into_affine().x))
	}
}

mod ours {
	use inference_bn254::{
		msm::msm,
		pairing::{product_is_one, PreparedG2},
		Fq, Fq12, Fq2, Fq6, Fr, G1Affine, G1Projective, G2Affine,
	};

	shared!();

	/// The same, with the lines of Q, as the chain keeps them.
	pub fn check(times: u32) -> u64 {
		let (p, q) = (G1Affine::generator(), G2Affine::generator());
		let lines = PreparedG2::new(&q).expect("is in the subgroup");
		(0..times)
			.map(|_| u64::from(product_is_one(&[(p, &lines), (-p, &lines)])))
			.sum()
	}

	pub fn sum<const N: usize>(times: u32) -> u64 {
		let terms = terms(N);
		(0..times).fold(0, |_, _| low(msm(&terms).into_affine().x))
	}
}
