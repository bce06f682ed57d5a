"""An autograder for Jupyter notebooks that answer a Keras workbook."""
