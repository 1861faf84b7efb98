import Ashlar

print("embedded")
