//! The page: for browsers only (`cargo xtask build`).

fn main() {
    #[cfg(target_arch = "wasm32")]
    krateyard_app::view::mount();
}
