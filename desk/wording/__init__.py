"""What people read: sentences, labels, reasons and refusals in every language. Decides nothing and looks nothing up."""
