"""What fills the whole terminal, one file each."""
