//! The page.

fn main() {
    krateyard_app::view::mount();
}
