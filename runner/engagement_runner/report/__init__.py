"""The pages for staff and managers, each one HTML file."""
