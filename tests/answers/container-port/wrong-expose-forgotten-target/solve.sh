kubectl expose pod sorting --port=80
